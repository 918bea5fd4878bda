"""What an orchestration's log lines tell of its steps (``services.catalog.codegen.fragments.STEP``). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nexdeck.models.log import LogEntry

LOGGER = "orchestration"
MOST_STEPS = 100
_LINE = re.compile(
    r"step (?P<name>\S+) \((?P<member>[^)\s]+)\) "
    r"(?:(?P<end>took|was ended after|failed after) (?P<took>\d+\.\d) ms|failed)(?:: (?P<error>.*))?",
    re.DOTALL,
)


class StepEnd(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ENDED = "ended"  # another step failed, or the time was up


@dataclass(frozen=True)
class StepSeen:
    """``member``: agent@version; ``error``: the cause of one that failed."""

    name: str
    member: str
    started_at: datetime
    milliseconds: float
    status: StepEnd
    error: str | None = None


def steps_of(lines: Iterable[LogEntry]) -> list[StepSeen]:
    """Of one request's lines, by when they began. Each line is written when its step ends."""
    found = [step for line in lines if line.logger == LOGGER and (step := _step(line))]
    return sorted(found, key=lambda step: step.started_at)[:MOST_STEPS]


def _step(line: LogEntry) -> StepSeen | None:
    match = _LINE.fullmatch(line.message)
    if match is None:
        return None
    took = float(match["took"] or 0)
    status = {"took": StepEnd.SUCCEEDED, "was ended after": StepEnd.ENDED}.get(match["end"] or "", StepEnd.FAILED)
    began = line.time - timedelta(milliseconds=took)
    return StepSeen(match["name"], match["member"], began, took, status, match["error"])
