"""Checks inputs and outputs against their JSON Schemas, with a path to every fault."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import ValidationError
from referencing.jsonschema import EMPTY_REGISTRY

from nexdeck.models.manifest import JsonSchema
from nexdeck.models.problem import FieldError

MOST_ERRORS = 20
LONGEST_MESSAGE = 300  # characters


class SchemaInvalid(ValueError):
    """The schema itself is not a JSON Schema."""


class Validator:
    """A schema, prepared once; ``errors`` names the faults of one value below ``root``."""

    def __init__(self, schema: JsonSchema, root: str) -> None:
        """Raises SchemaInvalid."""
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise SchemaInvalid(f"{root} schema: {error.message}") from error
        # an empty registry: a reference to another host must not be fetched
        self._validator = Draft202012Validator(schema, registry=EMPTY_REGISTRY)
        self._fits = _quick_check(schema)
        self._root = root

    def errors(self, value: Any) -> list[FieldError]:
        """At most MOST_ERRORS faults; none when the value fits."""
        if self._fits(value):
            return []
        faults = (fault for error in self._validator.iter_errors(value) for fault in self._faults(error))
        return list(islice(faults, MOST_ERRORS))

    def _faults(self, error: ValidationError) -> Iterator[FieldError]:
        path = ".".join([self._root, *map(str, error.absolute_path)])
        if error.validator == "required":
            # one error each for the missing fields; the path names the field that is missing, not its parent
            missing = next((name for name in error.validator_value if error.message.startswith(repr(name))), None)
            if missing is not None:
                yield FieldError(path=f"{path}.{missing}", message="is required")
                return
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = error.schema.get("properties", {})
            for name in error.instance:
                if name not in known:
                    yield FieldError(path=f"{path}.{name}"[:LONGEST_MESSAGE], message="is not a known field")
            return
        yield FieldError(path=path, message=_shorten(error.message))


def _quick_check(schema: JsonSchema) -> Callable[[Any], bool]:
    """Tells in a microsecond that a value fits, as nearly all do. False means that the thorough validator must look."""
    try:
        is_valid = jsonschema_rs.Draft202012Validator(schema, retriever=_fetch_nothing).is_valid
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return lambda value: False

    def fits(value: Any) -> bool:
        try:
            return is_valid(value)
        except ValueError:  # a value that it cannot take, such as a half of a surrogate pair
            return False

    return fits


def _fetch_nothing(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")


def _shorten(message: str) -> str:
    """Keep both ends: a long value stands at the beginning of a message, what is wrong with it at the end."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    return f"{message[: LONGEST_MESSAGE // 3]}…{message[-LONGEST_MESSAGE // 2 :]}"
