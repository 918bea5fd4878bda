"""An OpenAPI 3.1 document of one deployment: true of the gateway that answers, with the agent's own schemas. Pure."""

import json
from typing import Any

from referencing.exceptions import Unresolvable

from nexdeck.models.choices import Channel
from nexdeck.models.control import REQUEST_ID_HEADER
from nexdeck.models.manifest import CHUNKS_KEYWORD, JsonSchema
from nexdeck.models.problem import Problem
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.docs.problems import REQUEST_ID, limit_words, problem_responses

STREAM_WORDS = (
    "Events: `chunk` for each piece (its data is a `Chunk`), then `result` (an `Answer`), or `error` (a `Problem`) "
    "when it fails after the first piece."
)
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONES = (
    *("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties"),
)


def openapi(interface: CallerInterface) -> dict[str, Any]:
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


def example_answer(interface: CallerInterface) -> dict[str, Any]:
    """What a good call answers, with an output that fits the schema but was not computed."""
    return {
        "outputs": {"agent": {"result": schemas.sample_of(interface.output_schema)}},
        "execution_time": 0.012,
        "workflow_id": interface.name,
        "version": interface.version,
    }


def example_events(interface: CallerInterface) -> str:
    """What a caller that accepts only events gets."""
    chunk = json.dumps(schemas.sample_of(interface.chunks or {}), ensure_ascii=False)
    result = json.dumps(example_answer(interface), ensure_ascii=False)
    return f"event: chunk\ndata: {chunk}\n\nevent: result\ndata: {result}\n\n"


def _description(interface: CallerInterface, has_api: bool) -> str:
    lines = [interface.description] if interface.description else []
    if not has_api:
        lines.append("The REST channel of this deployment is switched off.")
    elif interface.chunks is not None:
        lines.append(f"It streams its answer to those who send `Accept: text/event-stream`. {STREAM_WORDS}")
    return "\n\n".join([*lines, " ".join(limit_words(interface))])


def _operation(interface: CallerInterface) -> dict[str, Any]:
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
                "headers": REQUEST_ID,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Answer"},
                        "example": example_answer(interface),
                    },
                    **_events(interface),
                },
            },
            **problem_responses(interface),
        },
    }


def _events(interface: CallerInterface) -> dict[str, Any]:
    """The other form of a good answer, for those who accept only that."""
    if interface.chunks is None:
        return {}
    return {
        "text/event-stream": {
            "schema": {"type": "string", "contentMediaType": "text/event-stream", "description": STREAM_WORDS},
            "example": example_events(interface),
        }
    }


def _schemas(interface: CallerInterface) -> dict[str, JsonSchema]:
    outputs_schema = {name: part for name, part in interface.output_schema.items() if name != CHUNKS_KEYWORD}
    outputs = {"type": "object", "properties": {"agent": {"$ref": "#/components/schemas/AgentOutput"}}}
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "Inputs": _rooted(interface.input_schema, "#/components/schemas/Inputs"),
        "Outputs": _rooted(outputs_schema, "#/components/schemas/Outputs"),
        **({} if interface.chunks is None else {"Chunk": interface.chunks}),
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
