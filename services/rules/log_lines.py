"""From what gateways and the lifecycle tell to lines that can be kept: whatever they say, it fits the table."""

import re
from datetime import UTC, datetime, timedelta

from nexdeck.models.control import FIRST_SCRATCH_REVISION
from nexdeck.models.deployment import DeploymentStatus, StatusChange
from nexdeck.models.log import LogEntry, LogLevel
from nexdeck.models.telemetry import LogLine

LONGEST = {"message": 16_000, "exception": 32_000, "logger": 200, "request_id": 128}  # characters
OLDEST, AHEAD = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=1)  # a clock may be wrong, but not by any amount
OTHER_NAMES = {"WARN": LogLevel.WARNING, "FATAL": LogLevel.CRITICAL}
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])|\x9b[0-?]*[ -/]*[@-~]")
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
WORDS = {
    "requested": "A change was requested by {by}",
    "begun": "The rollout began",
    "resumed": "Taken up again",
    "proven": "Live: every channel answered a real call",
    "failed": "Failed",
    "kept the live revision": "The rollout failed; the live revision serves on",
    "cancelled": "Cancelled by {by}",
    "stopped": "Stopped by {by}; its absence was observed",
}


def level_of(name: str) -> LogLevel:
    """The level of that name; a name of the author's own counts as INFO."""
    name = name.strip().upper()
    return LogLevel(name) if name in LogLevel.__members__ else OTHER_NAMES.get(name, LogLevel.INFO)


def entry_of(line: LogLine, received: datetime, number: int) -> LogEntry:
    """A gateway's line, cleaned of what a database cannot carry. Its deployment has been checked."""
    return LogEntry(
        id=number,
        deployment_id=line.deployment_id or "",
        time=credible_time(line.time, received),
        level=level_of(line.level),
        revision=line.revision if (line.revision or 0) < FIRST_SCRATCH_REVISION else None,
        request_id=_kept(line.request_id, "request_id") if line.request_id else None,
        logger=_kept(line.logger, "logger"),
        message=_kept(line.message, "message"),
        exception=_kept(line.exception, "exception") if line.exception else None,
    )


def credible_time(told: datetime, received: datetime) -> datetime:
    """The time that a gateway told, unless its clock is so wrong that when we heard of it is nearer the truth."""
    return told if OLDEST < told < received + AHEAD else received


def lost_entry(lost: int, deployment_id: str, at: datetime, number: int) -> LogEntry:
    """Tells a deployment that its gateway let go of lines, perhaps of this deployment, before they were collected."""
    message = f"{lost:,} lines of this gateway are lost: it wrote more than it holds while nobody asked for them."
    return LogEntry(number, deployment_id, at, LogLevel.WARNING, None, None, "nexdeck", message, None)


def lifecycle_entry(change: StatusChange, revision: int | None, number: int) -> LogEntry:
    """What happened to the deployment itself, as one of its lines."""
    bad = change.to_status is DeploymentStatus.FAILED or change.event == "kept the live revision"
    words = WORDS.get(change.event, change.event).format(by=change.by)
    message = f"{words}: {change.message}" if change.message else f"{words}."
    level = LogLevel.ERROR if bad else LogLevel.INFO
    kept = _kept(message, "message")
    return LogEntry(number, change.deployment_id, change.at, level, revision, None, "lifecycle", kept, None)


def _kept(text: str, name: str) -> str:
    return text[: LONGEST[name]].replace("\0", "�")


def plain_text(text: str) -> str:
    """Without colours and other sequences that steer a terminal, and without what turns text around."""
    return _STEERING.sub("", _SEQUENCE.sub("", text))
