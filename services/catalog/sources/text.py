"""The first look at a source: its size and its characters, before anything parses it."""

import json
import math
from typing import Any

from nexdeck.services.errors import Fault, SourceInvalid

MAX_SOURCE_BYTES = 1024 * 1024
MAX_INTEGER = 2**63 - 1


def decode(data: bytes) -> str:
    """The text of an uploaded file. Raises SourceInvalid with the position of the first byte that is not UTF-8."""
    _refuse_large(len(data))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        fault = fault_at(before, len(before), f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8")
        raise SourceInvalid("The file is not UTF-8 text.", errors=[fault]) from None


def check_text(source: str) -> None:
    """Refuse what no parser should see. Raises SourceInvalid (code ``too_large`` when it is over the limit)."""
    _refuse_large(len(source))
    try:
        _refuse_large(len(source.encode()))
    except UnicodeEncodeError as error:
        fault = fault_at(source, error.start, "a lone surrogate is not a character; remove it")
        raise SourceInvalid("The source is not valid text.", errors=[fault]) from None
    if "\0" in source:
        fault = fault_at(source, source.index("\0"), "a NUL character is not allowed; remove it")
        raise SourceInvalid("The source is not valid text.", errors=[fault])
    if not source.strip():
        raise SourceInvalid("The source is empty.", errors=[Fault("", "there is nothing in it", 1, 1)])


def fault_at(source: str, offset: int, message: str) -> Fault:
    before = source[:offset]
    return Fault("", message, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def json_problem(value: Any) -> str | None:
    """Why ``value`` cannot travel as JSON, in plain words; None if it can."""
    match value:
        case None | bool():
            return None
        case str():
            return _text_problem(value)
        case int():
            return None if abs(value) <= MAX_INTEGER else "the number is too large (more than 64 bits)"
        case float():
            return None if math.isfinite(value) else "the number must be finite"
        case list():
            return next((problem for item in value if (problem := json_problem(item))), None)
        case dict():
            if odd := next((key for key in value if not isinstance(key, str)), None):
                return f"the key {odd!r} must be text"
            return json_problem([*value, *value.values()])
    return f"{type(value).__name__} is not a JSON value"


def pretty(value: Any, limit: int = 80) -> str:
    """``value`` as short JSON for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _text_problem(value: str) -> str | None:
    if "\0" in value:
        return "a NUL character is not allowed"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "a lone surrogate is not a character"
    return None


def _refuse_large(size: int) -> None:
    if size > MAX_SOURCE_BYTES:
        message = f"The source is too large: {size:,} bytes or more. The limit is 1 MB ({MAX_SOURCE_BYTES:,} bytes)."
        raise SourceInvalid(message, code="too_large", errors=[Fault("", "keep data out of the agent's source")])
