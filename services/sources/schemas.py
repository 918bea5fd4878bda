"""JSON Schemas of inputs and outputs: building them, making a sample that fits, and checking one."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from models.declarative import FieldSpec
from models.wire import JsonSchema
from services.sources.text import pretty

GREETING = "Hello from Nexdeck"
_EXAMPLES: dict[str, Any] = {"string": GREETING, "integer": 1, "number": 1.5, "boolean": True, "null": None}
_FORMATS = {
    "date-time": "2026-01-31T09:30:00Z",
    "date": "2026-01-31",
    "time": "09:30:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "someone@example.com",
    "uri": "https://example.com/",
}


def object_schema(properties: dict[str, JsonSchema], required: list[str], *, is_open: bool = False) -> JsonSchema:
    schema: JsonSchema = {"type": "object", "properties": properties, "additionalProperties": is_open}
    return {**schema, "required": required} if required else schema


def any_object() -> JsonSchema:
    """For an output about which the source says nothing."""
    return {"type": "object", "additionalProperties": True}


def field_schema(field: FieldSpec, *, nullable: bool = False) -> JsonSchema:
    schema: JsonSchema = {"type": [field.type, "null"] if nullable else field.type}
    if field.description:
        schema["description"] = field.description
    if field.enum is not None:
        schema["enum"] = [*field.enum, None] if nullable and None not in field.enum else field.enum
    if field.default is not None:
        schema["default"] = field.default
    return schema


def problems(value: Any, schema: JsonSchema) -> list[tuple[tuple[str | int, ...], str]]:
    """Each place where ``value`` does not fit, with what to do about it in plain words."""
    errors = Draft202012Validator(schema).iter_errors(value)
    return [(tuple(error.absolute_path), _plain(error)) for error in errors]


def _plain(error: ValidationError) -> str:
    if error.validator in ("anyOf", "oneOf") and error.context:
        closest = best_match(error.context)
        return _plain(closest) if closest else error.message
    match error.validator:
        case "type":
            wanted = error.validator_value
            return f"must be {wanted if isinstance(wanted, str) else ' or '.join(wanted)}, not {pretty(error.instance)}"
        case "enum":
            return f"must be one of {pretty(error.validator_value, 200)}, not {pretty(error.instance)}"
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            return f"lacks {', '.join(missing)}"
        case "additionalProperties":
            known = error.schema.get("properties", {})
            unknown = [name for name in error.instance if name not in known]
            return f"has no field {', '.join(unknown)}; its fields are {', '.join(known) or 'none'}"
    return error.message


def sample_of(schema: JsonSchema, name: str = "", depth: int = 0) -> Any:
    """A value that fits ``schema``: its default, its first choice, or something that reads well."""
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return sample_of(schema[key][0], name, depth)
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        fields = schema.get("properties", {})
        wanted = schema.get("required", []) if depth or schema.get("required") else list(fields)
        return {field: sample_of(fields.get(field, {}), field, depth + 1) for field in wanted if depth < 8}
    if kind == "array":
        length = schema.get("minItems", 1)
        return [sample_of(schema.get("items", {}), name, depth + 1)] * length if depth < 8 else []
    if kind == "string" and schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return max(schema["minimum"], _EXAMPLES[kind]) if "minimum" in schema else _EXAMPLES.get(kind, GREETING)
