"""Messages of the A2A protocol as an agent's inputs, and its outputs as messages, or a task, of the protocol."""

from typing import Any
from uuid import uuid4

from starlette.types import Send

from nexdeck.app.gateway.channels.events import Events
from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.manifest import JsonSchema
from nexdeck.models.problem import FieldError

JSON_TYPE = "application/json"


def inputs_of(message: Any, schema: JsonSchema) -> dict[str, Any]:
    """The ``data`` parts together; without any, the text as the agent's one text input, or as the JSON that it is.

    Raises GatewayProblem ``invalid_input``.
    """
    parts = message.get("parts") if isinstance(message, dict) else None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise _refusal("message.parts", "must be a list of parts with `data` or `text`")
    given = [part["data"] for part in parts if "data" in part]
    if given:
        if not all(isinstance(data, dict) for data in given):
            raise _refusal("message.parts.data", "must be an object: the agent's inputs by their names")
        return {name: _with_integers(value) for data in given for name, value in data.items()}
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    if not texts:
        raise _refusal("message.parts", "has neither `data` nor `text`; files are not taken")
    return _from_text("\n".join(texts), schema)


def _with_integers(value: Any) -> Any:
    """The protocol knows only floating-point numbers, so its clients send 3 as 3.0."""
    match value:
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case list():
            return [_with_integers(item) for item in value]
        case dict():
            return {name: _with_integers(item) for name, item in value.items()}
    return value


def _from_text(text: str, schema: JsonSchema) -> dict[str, Any]:
    fields: dict[str, Any] = schema.get("properties", {})
    if (document := _object(text)) is not None and document.keys() <= fields.keys():
        return document
    texts = [name for name, field in fields.items() if isinstance(field, dict) and "string" in _types(field)]
    required = [name for name in texts if name in schema.get("required", [])]
    for candidates in (required, texts):
        if len(candidates) == 1:
            return {candidates[0]: text}
    names = ", ".join(fields) or "any"
    raise _refusal("message.parts", f"is a text, and the agent has no one input for it; send `data` with {names}")


def _types(field: JsonSchema) -> list[str]:
    kind = field.get("type", [])
    return [kind] if isinstance(kind, str) else kind


def _object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json_text.parse(text.encode())
    except json_text.NotJson:
        return None
    return value if isinstance(value, dict) else None


def message_of(output: dict[str, Any], context_id: str) -> dict[str, Any]:
    """The output as data; where it holds just one text, that text before it, for those who read rather than parse."""
    parts = [{"data": output, "mediaType": JSON_TYPE}]
    values = list(output.values())
    if len(values) == 1 and isinstance(values[0], str):
        parts.insert(0, {"text": values[0]})
    return _message(parts, context_id)


def message_of_problem(problem: dict[str, Any], context_id: str) -> dict[str, Any]:
    return _message([{"text": problem["detail"]}, {"data": problem, "mediaType": JSON_TYPE}], context_id)


def part_of(chunk: Any) -> dict[str, Any]:
    return {"text": chunk} if isinstance(chunk, str) else {"data": chunk, "mediaType": JSON_TYPE}


def context_of(message: Any) -> str:
    """The conversation that the caller says this belongs to, or a new one."""
    found = message.get("contextId") if isinstance(message, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 200 else str(uuid4())


def _message(parts: list[dict[str, Any]], context_id: str) -> dict[str, Any]:
    return {"messageId": str(uuid4()), "contextId": context_id, "role": "ROLE_AGENT", "parts": parts}


def _refusal(path: str, message: str) -> GatewayProblem:
    errors = [FieldError(path=path, message=message)]
    return GatewayProblem(422, "invalid_input", f"The message does not fit: {path} {message}.", errors=errors)


class TaskEvents(Events):
    """A streamed answer: a task that works, adds to its artifact, and ends.

    The task lives as long as the stream: an agent that answers at once answers with a message and needs none.
    """

    def __init__(self, send: Send, rpc_id: Any, context_id: str) -> None:
        super().__init__(send)
        self._rpc_id = rpc_id
        self._context_id = context_id
        self._ids = {"taskId": str(uuid4()), "contextId": context_id}

    async def chunk(self, chunk: Any) -> None:
        goes_on = self.began
        if not goes_on:
            task = {"id": self._ids["taskId"], "contextId": self._context_id, "status": {"state": "TASK_STATE_WORKING"}}
            await self._tell({"task": task})
        artifact = {"artifactId": "answer", "parts": [part_of(chunk)]}
        await self._tell({"artifactUpdate": {**self._ids, "artifact": artifact, "append": goes_on}})

    async def result(self, body: bytes) -> None:
        """``body`` is the agent's output as JSON."""
        message = message_of(json_text.parse(body), self._context_id)
        if self.began:
            await self._end("TASK_STATE_COMPLETED", message)
        else:
            await self._tell({"message": message}, last=True)

    async def error(self, problem: bytes) -> None:
        await self._end("TASK_STATE_FAILED", message_of_problem(json_text.parse(problem), self._context_id))

    async def _end(self, state: str, message: dict[str, Any]) -> None:
        message = {**message, "taskId": self._ids["taskId"]}
        await self._tell({"statusUpdate": {**self._ids, "status": {"state": state, "message": message}}}, last=True)

    async def _tell(self, result: dict[str, Any], *, last: bool = False) -> None:
        data = self.json({"jsonrpc": "2.0", "id": self._rpc_id, "result": result})
        await self.write(b"data: %b\n\n" % data, last=last)
