"""An OpenAPI 3.1 document of one deployment: true of the gateway that answers, with the agent's own schemas. Pure."""

from typing import Any

from referencing.exceptions import Unresolvable

from models.wire import REQUEST_ID_HEADER, Channel, JsonSchema, Problem
from services.interface import Interface
from services.sources import schemas

PROBLEM_TYPE = "application/problem+json"
WITH_WAIT = frozenset({"rate_limited", "too_many_calls", "starting", "restoring", "agent_stuck"})  # have Retry-After
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONES = (
    *("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties"),
)


def openapi(interface: Interface) -> dict[str, Any]:
    """``paths`` is empty where the REST channel is switched off."""
    has_api = Channel.API in interface.channels
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": interface.name,
            "version": interface.version,
            "summary": f"The agent {interface.agent}, deployed as {interface.name}",
            "description": _description(interface, has_api),
        },
        "servers": [{"url": interface.gateway_url, "description": "the gateway that it runs on"}],
        "paths": {f"/workflows/{interface.name}/execute": {"post": _operation(interface)}} if has_api else {},
        "components": {"schemas": _schemas(interface)},
    }
    if interface.require_key:
        scheme = {"type": "http", "scheme": "bearer", "description": "An invocation key of this deployment."}
        document["components"]["securitySchemes"] = {"key": scheme}
        document["security"] = [{"key": []}]
    return document


def problems_of(interface: Interface) -> dict[int, list[tuple[str, str]]]:
    """Each error status with its codes, and when each is answered."""
    limits = interface.limits
    found: dict[int, list[tuple[str, str]]] = {
        400: [("not_json", "The body is not JSON. Its content type does not matter.")],
        401: [("unauthorized", "The key is missing, wrong or revoked.")] if interface.require_key else [],
        403: [("foreign_origin", "The call comes from a web page of another origin.")],
        404: [("not_deployed", "It is stopped or was undeployed.")],
        413: [("too_large", "The body is larger than 20 MB.")],
        421: [("foreign_host", "The Host header is not a name of the gateway.")],
        422: [("invalid_input", "The inputs do not fit their schema; errors names each place.")],
        500: [
            ("agent_failed", "The agent's code raised an error; detail has its words."),
            ("internal_error", "The gateway failed."),
        ],
        502: [
            ("invalid_output", "The agent's output does not fit its schema."),
            ("model_failed", "The language model refused or failed."),
        ],
        503: [
            ("starting", "The gateway is starting."),
            ("restoring", "The gateway is restoring its deployments after a restart."),
            ("not_restored", "It could not be restored after a restart of the gateway."),
            ("not_configured", "The language model lacks its key or address."),
            ("agent_stuck", "Too many earlier calls never ended."),
        ],
        504: [("timeout", f"The agent did not answer within {limits.timeout_seconds:g} s.")],
    }
    if limits.rate_limit_per_minute:
        found[429] = [("rate_limited", f"More than {limits.rate_limit_per_minute:,} calls a minute.")]
    if limits.max_concurrency:
        found[503].insert(0, ("too_many_calls", f"More than {limits.max_concurrency:,} calls at once."))
    return {status: found[status] for status in sorted(found) if found[status]}


def example_answer(interface: Interface) -> dict[str, Any]:
    """What a good call answers, with an output that fits the schema but was not computed."""
    return {
        "outputs": {"agent": {"result": schemas.sample_of(interface.output_schema)}},
        "execution_time": 0.012,
        "workflow_id": interface.name,
        "version": interface.version,
    }


def limit_words(interface: Interface) -> list[str]:
    limits = interface.limits
    words = [f"An answer takes at most {limits.timeout_seconds:g} s."]
    if limits.rate_limit_per_minute:
        words.append(f"At most {limits.rate_limit_per_minute:,} calls a minute.")
    if limits.max_concurrency:
        words.append(f"At most {limits.max_concurrency:,} calls at once.")
    return words


def _description(interface: Interface, has_api: bool) -> str:
    lines = [interface.description] if interface.description else []
    if not has_api:
        lines.append("The REST channel of this deployment is switched off.")
    return "\n\n".join([*lines, " ".join(limit_words(interface))])


def _operation(interface: Interface) -> dict[str, Any]:
    return {
        "operationId": "execute",
        "summary": f"Call {interface.name}",
        "parameters": [
            {
                "name": REQUEST_ID_HEADER,
                "in": "header",
                "description": "an id of yours for this call; it comes back in the answer and stands in the log",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Request"},
                    "example": {"inputs": interface.sample},
                }
            },
        },
        "responses": {
            "200": {
                "description": "The agent's output",
                "headers": {REQUEST_ID_HEADER: {"schema": {"type": "string"}, "description": "the id of this call"}},
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Answer"},
                        "example": example_answer(interface),
                    }
                },
            }
        }
        | {str(status): _problem(codes) for status, codes in problems_of(interface).items()},
    }


def _problem(codes: list[tuple[str, str]]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": "\n".join(f"- `{code}`: {meaning}" for code, meaning in codes),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if {code for code, _ in codes} & WITH_WAIT:
        waits = {"description": "seconds after which to try again", "schema": {"type": "integer", "minimum": 1}}
        answer["headers"] = {"Retry-After": waits}
    return answer


def _schemas(interface: Interface) -> dict[str, JsonSchema]:
    outputs = {"type": "object", "properties": {"agent": {"$ref": "#/components/schemas/AgentOutput"}}}
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "Inputs": _rooted(interface.input_schema, "#/components/schemas/Inputs"),
        "Outputs": _rooted(interface.output_schema, "#/components/schemas/Outputs"),
        "Request": {
            "type": "object",
            "properties": {"inputs": {"$ref": "#/components/schemas/Inputs"}},
            "required": ["inputs"],
        },
        "AgentOutput": {
            "type": "object",
            "properties": {"result": {"$ref": "#/components/schemas/Outputs"}},
            "required": ["result"],
        },
        "Answer": {
            "type": "object",
            "properties": {
                "outputs": {**outputs, "required": ["agent"]},
                "execution_time": {"type": "number", "description": "seconds"},
                "workflow_id": {"type": "string", "description": "the deployment's name"},
                "version": {"type": "string", "description": "of the agent"},
            },
            "required": ["outputs", "execution_time", "workflow_id", "version"],
        },
        **problem.pop("$defs"),
        "Problem": problem,
    }


def _rooted(schema: Any, root: str) -> Any:
    """The schema as a part of the document: its references to itself lead to ``root``, and each default fits."""
    if not isinstance(schema, dict):  # true and false are schemas too
        return schema
    moved = {name: value for name, value in schema.items() if name not in ("$id", "$schema")}
    if "default" in moved and not _fits(moved["default"], schema):  # ``count: int = None`` in an agent's code
        del moved["default"]
    reference = moved.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        moved["$ref"] = root + reference[1:]
    for name in moved.keys() & set(_MAPS):
        moved[name] = {key: _rooted(value, root) for key, value in moved[name].items()}
    for name in moved.keys() & set(_LISTS):
        moved[name] = [_rooted(value, root) for value in moved[name]]
    for name in moved.keys() & set(_ONES):
        moved[name] = _rooted(moved[name], root)
    return moved


def _fits(value: Any, schema: JsonSchema) -> bool:
    try:
        return not schemas.problems(value, schema)
    except Unresolvable:  # a part that leads elsewhere: the whole schema was checked when the agent came in
        return True
