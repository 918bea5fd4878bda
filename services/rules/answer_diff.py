"""What differs between two answers: by place, not by line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

MOST_DIFFERENCES = 50
LONGEST_VALUE = 300  # characters of a value as it is told


class DifferenceKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """``path`` is dotted, with the numbers of list items; ``before`` and ``after`` are JSON texts, shortened."""

    path: str
    kind: DifferenceKind
    before: str | None
    after: str | None


def differences(before: Any, after: Any) -> list[Difference]:
    """At most MOST_DIFFERENCES, in the order of the first answer's fields; items of lists are compared by position."""
    return list(islice(_walk(before, after, ()), MOST_DIFFERENCES))


def _walk(before: Any, after: Any, place: tuple[str, ...]) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            yield from _beside(before, after, name, name in before, name in after, (*place, name))
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            here = (*place, str(number))
            yield from _beside(before, after, number, number < len(before), number < len(after), here)
    elif before != after or isinstance(before, bool) is not isinstance(after, bool):  # True equals 1 in Python only
        yield Difference(".".join(place), DifferenceKind.CHANGED, _told(before), _told(after))


def _beside(
    before: Any, after: Any, key: str | int, in_before: bool, in_after: bool, place: tuple[str, ...]
) -> Iterator[Difference]:
    if in_before and in_after:
        yield from _walk(before[key], after[key], place)
    elif in_before:
        yield Difference(".".join(place), DifferenceKind.REMOVED, _told(before[key]), None)
    else:
        yield Difference(".".join(place), DifferenceKind.ADDED, None, _told(after[key]))


def _told(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
