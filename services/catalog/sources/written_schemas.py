"""A JSON Schema that an author wrote: whether it can be used as it is, without a network and without surprises."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from nexdeck.models.manifest import JsonSchema

_OF_NAMES = ("properties", "patternProperties", "$defs", "dependentSchemas")
_OF_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_OF_ONE = (
    *("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
)


def schema_problem(schema: JsonSchema) -> str | None:
    """What is wrong with the schema of an object, in plain words; None if nothing is."""
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        return f"it is not a valid JSON Schema: {getattr(error, 'message', 'nested too deeply')}"
    if schema.get("type") != "object":
        return 'it must be the schema of an object: {"type": "object", …}'
    return next((problem for part in _parts(schema) if (problem := _part_problem(part, schema))), None)


def _part_problem(part: JsonSchema, whole: JsonSchema) -> str | None:
    for keyword in ("$ref", "$dynamicRef"):
        target = part.get(keyword)
        if target is not None and target.removeprefix("#/$defs/") not in whole.get("$defs", {}):
            return f"{keyword} {target!r} must name a schema that is in it, as #/$defs/NAME"
    return None


def _parts(schema: Any) -> Iterator[JsonSchema]:
    """The schema and every schema in it."""
    if not isinstance(schema, dict):  # true and false are schemas too
        return
    yield schema
    inside = [part for keyword in _OF_NAMES for part in schema.get(keyword, {}).values()]
    inside += [part for keyword in _OF_LISTS for part in schema.get(keyword, [])]
    inside += [schema[keyword] for keyword in _OF_ONE if keyword in schema]
    for part in inside:
        yield from _parts(part)
