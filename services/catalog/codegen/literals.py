"""Python values as source text that people like to read, laid out as ``ruff format`` would."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

WIDTH = 120
STEP = 4


class Code(str):
    """Source text of our own, to stand as it is: never a user's."""


@dataclass(frozen=True)
class CallExpression:
    """``function(name=value, …)``."""

    function: str
    arguments: dict[str, Any]


def assignment(target: str, value: Any, indent: int = 0) -> str:
    """``target = value``, on one line where it fits."""
    start = f"{' ' * indent}{target} = "
    return start + layout(value, indent, len(start))


def layout(value: Any, indent: int, used: int, tail: int = 0) -> str:
    """``value`` as source; ``used`` columns are taken before it on its line and ``tail`` after it."""
    flat = one_line(value)
    if isinstance(value, Code) or ("\n" not in flat and used + len(flat) + tail <= WIDTH):
        return flat
    inner = indent + STEP
    margin = "\n" + " " * inner
    end = "\n" + " " * indent
    match value:
        case str():
            pieces = list(_pieces(value, WIDTH - inner))
            return flat if len(pieces) < 2 else f"({margin}{margin.join(pieces)}{end})"
        case dict() if value:
            pairs = [(f"{quoted(key)}: ", item) for key, item in value.items()]
            brackets = "{}"
        case list() if value:
            pairs = [("", item) for item in value]
            brackets = "[]"
        case CallExpression() if value.arguments:
            pairs = [(f"{name}=", item) for name, item in value.arguments.items()]
            brackets = f"{value.function}()"
        case _:
            return flat
    entries = [start + layout(item, inner, inner + len(start), 1) for start, item in pairs]
    return exploded(brackets[:-1], entries, brackets[-1], indent)


def exploded(opening: str, entries: list[str], closing: str, indent: int) -> str:
    """One entry on each line."""
    margin = "\n" + " " * (indent + STEP)
    return f"{opening}{margin}{margin.join(f'{entry},' for entry in entries)}\n{' ' * indent}{closing}"


def bracketed(opening: str, entries: list[str], closing: str, indent: int, used: int) -> str:
    """The entries on one line where they fit."""
    flat = f"{opening}{', '.join(entries)}{closing}"
    fits = "\n" not in flat and used + len(flat) <= WIDTH
    return flat if fits else exploded(opening, entries, closing, indent)


def one_line(value: Any) -> str:
    match value:
        case Code():
            return str(value)
        case str():
            return quoted(value)
        case dict():
            return "{" + ", ".join(f"{quoted(key)}: {one_line(item)}" for key, item in value.items()) + "}"
        case list():
            return f"[{', '.join(map(one_line, value))}]"
        case CallExpression():
            inside = ", ".join(f"{name}={one_line(item)}" for name, item in value.arguments.items())
            return f"{value.function}({inside})"
    return repr(value)  # None, True, False and finite numbers


def quoted(text: str) -> str:
    """A string literal of printable characters only: what looks odd, bidirectional marks too, is an escape."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(character, quote) for character in text) + quote


def docstring(text: str) -> str:
    """``text`` in triple quotes where that changes nothing, else as an ordinary literal."""
    plain = all(character == "\n" or character.isprintable() for character in text)
    if not plain or "\\" in text or '"""' in text or text.startswith('"') or text.endswith('"'):
        return quoted(text)
    return f'"""{text}"""'


def raw_block(text: str) -> str:
    """Many lines in triple quotes, as they are; an ordinary literal where a quote or a character forbids it."""
    plain = all(character in "\n\t" or character.isprintable() for character in text)
    quotes = next((mark for mark in ("'''", '"""') if mark not in text and not text.endswith(mark[0])), None)
    if not plain or quotes is None or text.endswith("\\"):
        return quoted(text)
    prefix = "r" if "\\" in text else ""
    return f"{prefix}{quotes}{text}{quotes}"


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escaped(character: str, quote: str) -> str:
    if character == quote:
        return f"\\{quote}"
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _pieces(text: str, room: int) -> Iterator[str]:
    """The literals whose concatenation is ``text``: one for each line, long lines cut between words."""
    for line in text.splitlines(keepends=True):
        piece = ""
        for word in re.findall(r"\s*\S+\s*", line) or [line]:
            if piece and len(quoted(piece + word)) > room:
                yield quoted(piece)
                piece = ""
            piece += word
        yield quoted(piece)
