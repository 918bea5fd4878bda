"""``key=value`` words and JSON texts become an agent's inputs, typed by its schema."""

import json
import math
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nexdeck.app.cli.exits import CliError, ExitCode

TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


def read_json(argument: str, what: str) -> dict[str, Any]:
    """The JSON object in ``argument``: the text itself, ``@file``, or ``-`` for standard input."""
    try:
        if argument == "-":
            text = sys.stdin.buffer.read().decode()
        elif argument.startswith("@"):
            text = Path(argument[1:]).read_text("utf-8")
        else:
            text = argument
        value = json.loads(text)
    except OSError as error:
        raise _invalid(f"{what}: {argument[1:]} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise _invalid(f"{what} is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _invalid(f"{what} is not JSON: {error.msg} ({place}).") from error
    except (ValueError, RecursionError) as error:
        raise _invalid(f"{what} is not JSON that can be read: {error}.") from error
    if not isinstance(value, dict):
        raise _invalid(f"{what} must be a JSON object, like {{'text': 'hello'}} in double quotes.")
    return value


def read_pairs(words: Iterable[str], schema: dict[str, Any]) -> dict[str, Any]:
    """``["n=3", "text=3"]`` → ``{"n": 3, "text": "3"}``. Raises CliError (usage) for what does not fit the schema."""
    fields: dict[str, Any] = schema.get("properties", {})
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise _invalid(f"{word!r} is not key=value.", hint=_known(fields))
        if key in values:
            raise _invalid(f"{key} is given twice.")
        if key not in fields and schema.get("additionalProperties") is False:
            close = get_close_matches(key, fields, n=1)
            hint = f"Did you mean {close[0]}?" if close else _known(fields)
            raise _invalid(f"The agent takes no input named {key!r}.", hint=hint)
        values[key] = _convert(key, text, fields.get(key, {}), schema)
    return values


def _convert(key: str, text: str, field: dict[str, Any], root: dict[str, Any]) -> Any:
    types, choices = _allowed(field, root)
    for choice in choices:
        if text == (choice if isinstance(choice, str) else json.dumps(choice)):
            return choice
    for name in _ORDER:
        if name in types and (found := _READERS[name](text)) is not _NOT_ONE:
            return found
    if "string" in types or not types:
        return text
    wanted = " or ".join(_NAMES[name] for name in _ORDER if name in types)
    raise _invalid(f"{key}={text[:80]}: {text[:80]!r} is not {wanted}.")


def _allowed(field: dict[str, Any], root: dict[str, Any]) -> tuple[set[str], list[Any]]:
    """The JSON types and the enumerated values that a field's schema allows; no types: anything goes."""
    types: set[str] = set()
    choices: list[Any] = []
    pending, seen = [field], 0
    while pending and (seen := seen + 1) < 100:  # a schema may refer to itself
        part = pending.pop()
        if reference := part.get("$ref"):
            pending.append(root.get("$defs", {}).get(str(reference).rpartition("/")[2], {}))
        named = part.get("type", [])
        types |= {named} if isinstance(named, str) else set(named)
        choices += part.get("enum", []) + ([part["const"]] if "const" in part else [])
        pending += part.get("anyOf", []) + part.get("oneOf", []) + part.get("allOf", [])
    return types, choices


_NOT_ONE = object()


def _null(text: str) -> Any:
    return None if text == "null" else _NOT_ONE


def _boolean(text: str) -> Any:
    word = text.lower()
    return True if word in TRUE else False if word in FALSE else _NOT_ONE


def _integer(text: str) -> Any:
    try:
        return int(text) if "_" not in text else _NOT_ONE
    except ValueError:
        return _NOT_ONE


def _number(text: str) -> Any:
    if (whole := _integer(text)) is not _NOT_ONE:
        return whole
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        return _NOT_ONE
    return number if math.isfinite(number) else _NOT_ONE


def _json_of(kind: type) -> Any:
    def read(text: str) -> Any:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return _NOT_ONE
        return value if isinstance(value, kind) else _NOT_ONE

    return read


_READERS = {
    "null": _null,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _json_of(list),
    "object": _json_of(dict),
}
_ORDER = tuple(_READERS)  # where several types are allowed, the first that fits; a text fits last
_NAMES = {
    "null": "null",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a JSON array",
    "object": "a JSON object",
}


def _known(fields: dict[str, Any]) -> str:
    return f"It takes: {', '.join(fields)}." if fields else "It takes no inputs."


def _invalid(detail: str, hint: str = "") -> CliError:
    return CliError.because(ExitCode.USAGE, detail, code="invalid_input", hint=hint)
