"""Log lines as text: JSON lines for programs, plain lines for people, events for those who follow."""

from collections.abc import Iterable

import orjson

from nexdeck.models.log import LogEntry
from nexdeck.services.rules.log_lines import plain_text


def as_json(line: LogEntry) -> bytes:
    """One line of JSON Lines, without the line's end. The fields are those of ``LogLineShape``."""
    return orjson.dumps(line._asdict(), option=orjson.OPT_UTC_Z)


def as_json_lines(lines: Iterable[LogEntry]) -> bytes:
    return b"".join(as_json(line) + b"\n" for line in lines)


def as_text(lines: Iterable[LogEntry]) -> bytes:
    """``2026-11-23T22:52:43.367Z INFO revision=1 request=4f0c logger: message``, a traceback indented below it."""
    return "".join(_text(line) for line in lines).encode()


def as_events(lines: Iterable[LogEntry]) -> bytes:
    """Server-sent events; a reader who comes back names the last ``id`` that it saw."""
    return b"".join(b"id: %d\ndata: %b\n\n" % (line.id, as_json(line)) for line in lines)


def _text(line: LogEntry) -> str:
    time = line.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    facts = [time, line.level]
    if line.revision is not None:
        facts.append(f"revision={line.revision}")
    if line.request_id:
        facts.append(f"request={line.request_id}")
    below = "\n".join(part for part in (line.message, line.exception) if part).splitlines() or [""]
    first, *rest = (plain_text(row) for row in below)
    return "\n    ".join([f"{' '.join(facts)} {plain_text(line.logger)}: {first}", *rest]) + "\n"
