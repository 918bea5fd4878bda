"""JSON Schemas of inputs and outputs: building them, making a sample that fits, and checking one."""

from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match
from referencing.jsonschema import EMPTY_REGISTRY

from nexdeck.models.declarative import FieldSpec
from nexdeck.models.manifest import JsonSchema
from nexdeck.services.catalog.sources.text import pretty

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


# Patterns are left to the gateway: an author's regular expression can take for ever, and this is not where it may.
_Validator = validators.extend(Draft202012Validator, {"pattern": None, "patternProperties": None})


def problems(value: Any, schema: JsonSchema) -> list[tuple[tuple[str | int, ...], str]]:
    """Each place where ``value`` does not fit, with what to do about it in plain words."""
    # An empty registry: a reference to another host must not be fetched.
    errors = _Validator(schema, registry=EMPTY_REGISTRY).iter_errors(value)
    try:
        return [(tuple(error.absolute_path), _plain(error)) for error in errors]
    except RecursionError:
        return [((), "cannot be checked: the schema refers to itself without end")]


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


def sample_of(schema: JsonSchema | bool, depth: int = 0) -> Any:
    """A value that fits ``schema``, odd ones aside: its default, its first choice, or something that reads well."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return GREETING
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return sample_of(schema[key][0], depth + 1)
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            fields = schema.get("properties", {})
            wanted = schema.get("required", [] if depth else fields)
            return {field: sample_of(fields.get(field, {}), depth + 1) for field in wanted}
        case "array" if "prefixItems" in schema:
            return [sample_of(item, depth + 1) for item in schema["prefixItems"]]
        case "array":
            length = min(max(schema.get("minItems", 0), 1), schema.get("maxItems", _LONGEST), _LONGEST)
            return [sample_of(schema.get("items", {}), depth + 1)] * length
        case "integer" | "number":
            return max(schema.get("minimum", _EXAMPLES[kind]), _EXAMPLES[kind])
        case "string":
            return _FORMATS.get(schema.get("format", ""), GREETING)
    return _EXAMPLES[kind]


_DEEPEST = 16
_LONGEST = 20
