"""JSON in and out without losing anything: fast where that is exact, the standard library where it is not."""

import json
import re
from typing import Any

import orjson
from pydantic import BaseModel

_MANY_DIGITS = re.compile(rb"[0-9]{16}")


class NotJson(ValueError):
    """A text is not JSON, or a value cannot become JSON; the message says why."""


def parse(text: bytes) -> Any:
    """Raises NotJson. Integers of any length stay exact: orjson would round those beyond 64 bits to floats."""
    try:
        if _MANY_DIGITS.search(text):
            return json.loads(text, parse_constant=_refuse_constant)
        return orjson.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error


def dump(value: Any) -> bytes:
    """Raises NotJson. Dataclasses, pydantic models, dates, UUIDs and enums are written as their usual JSON forms."""
    try:
        return orjson.dumps(value, default=_as_json)
    except TypeError as error:
        if "64-bit" not in str(error):
            raise NotJson(str(error)) from error
    try:
        return json.dumps(value, default=_as_json, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error


def _as_json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"Type is not JSON serializable: {type(value).__name__}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
