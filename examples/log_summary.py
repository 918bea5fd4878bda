"""The story of a log: how many lines of each level, and which messages keep coming back."""

import asyncio
import re
from collections import Counter
from typing import Annotated, TypedDict

__version__ = "1.0.0"
SAMPLE = {
    "log": (
        "2026-01-31 09:30:00 INFO started\n"
        "2026-01-31 09:30:04 ERROR payment 4711 failed: card declined\n"
        "2026-01-31 09:30:09 ERROR payment 4712 failed: card declined\n"
        "2026-01-31 09:30:11 WARNING queue is 81 % full\n"
    )
}

LEVELS = ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"]
LINES_AT_A_TIME = 2000


class Pattern(TypedDict):
    level: str
    message: str
    count: int


class LogSummary(TypedDict):
    lines: int
    levels: dict[str, int]
    patterns: list[Pattern]
    headline: str


async def log_summary(
    log: Annotated[str, "The text of a log file"],
    top: Annotated[int, "How many recurring messages to list"] = 5,
) -> LogSummary:
    """Count a log's levels and group its messages, with numbers and ids left out.

    Returns:
        The counts by level, the most frequent kinds of messages (the worst level first) and a headline.
    """
    lines = [line for line in log.splitlines() if line.strip()]
    patterns: Counter[tuple[str, str]] = Counter()
    for number, line in enumerate(lines):
        patterns[_level(line), _pattern(line)] += 1
        if number % LINES_AT_A_TIME == 0:
            await asyncio.sleep(0)  # let other calls in while a long log is read
    levels = Counter[str]()
    for (level, _), count in patterns.items():
        levels[level] += count
    ranked = sorted(patterns.items(), key=lambda item: (LEVELS.index(item[0][0]), -item[1], item[0][1]))
    listed: list[Pattern] = [
        {"level": level, "message": message, "count": count} for (level, message), count in ranked[: max(top, 0)]
    ]
    return {"lines": len(lines), "levels": dict(levels), "patterns": listed, "headline": _headline(ranked)}


def _level(line: str) -> str:
    match = re.search(r"\b(CRITICAL|FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG)\b", line, re.IGNORECASE)
    word = match[1].upper() if match else "INFO"
    return {"FATAL": "CRITICAL", "WARN": "WARNING"}.get(word, word)


def _pattern(line: str) -> str:
    """The message without its time and level, and with # for whatever differs from line to line."""
    message = re.sub(r"^\W*\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\s*", "", line)
    message = re.sub(r"^\W*(CRITICAL|FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG)\b\W*", "", message, flags=re.IGNORECASE)
    return re.sub(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f-]*\b", "#", message).strip()


def _headline(ranked: list[tuple[tuple[str, str], int]]) -> str:
    if not ranked:
        return "The log is empty."
    (level, message), count = ranked[0]
    if level in ("INFO", "DEBUG"):
        return "Nothing went wrong."
    return f"{count} × {level}: {message}"
