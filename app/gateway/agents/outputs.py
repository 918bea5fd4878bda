"""What an agent returned, as the JSON object that every channel answers."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from nexdeck.app.gateway.agents.validation import Validator
from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.manifest import JsonSchema


@dataclass(slots=True, frozen=True)
class Output:
    """One output object, as JSON text for the API and as plain values for MCP."""

    text: bytes
    value: dict[str, Any]


def output_of(result: Any, validator: Validator) -> Output:
    """A dict, dataclass or pydantic model is the object; any other value v becomes ``{"result": v}``.

    Raises GatewayProblem ``invalid_output`` when it is not JSON or does not fit the output schema.
    """
    if not isinstance(result, (dict, BaseModel)) and not hasattr(type(result), "__dataclass_fields__"):
        result = {"result": result}
    try:
        text = json_text.dump(result)
        # Read back, so that what is checked is exactly what is sent: dates are texts now, tuples arrays, NaN null.
        value = json_text.parse(text)
    except json_text.NotJson as error:
        raise _invalid(f"The agent's output is not JSON: {error}.") from error
    errors = validator.errors(value)
    if errors:
        first = errors[0]
        problem = _invalid(f"The agent's output does not fit its output schema: {first.path}: {first.message}.")
        problem.errors = errors
        raise problem
    return Output(text, value)


def raise_if_failure(result: Any, schema: JsonSchema) -> None:
    """Kaizen reports failures as dicts that look like success. Raises GatewayProblem ``agent_failed`` for one."""
    if not isinstance(result, dict) or not result.get("error"):
        return
    failed = result.get("success") is False or result.get("status") == "failed"
    meant = schema.get("properties", {}).keys() & {"success", "status", "error"}  # declared: then it is an output
    if failed and not meant:
        raise GatewayProblem(500, "agent_failed", str(result["error"])[:2000])


def _invalid(detail: str) -> GatewayProblem:
    return GatewayProblem(502, "invalid_output", detail)
