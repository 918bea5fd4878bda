"""Reads uptime: percentages and bars of gateways and deployments, from the rows that each change of health wrote."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, func, select

from nexdeck.models.health import HealthChange, MaintenanceWindow
from nexdeck.services.health.maintenance import windows_since
from nexdeck.services.rules.uptime import Change, Slot, slots, total

SLOTS = 90
RANGES = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}


@dataclass(frozen=True)
class Uptime:
    """``percent`` of a range; ``slots``: its bars, the oldest first."""

    percent: float | None
    slots: list[Slot]


def read_uptimes(
    session: Session, subjects: dict[str, str | None], span: timedelta, until: datetime, count: int = SLOTS
) -> dict[str, Uptime]:
    """By subject. ``subjects``: each with the gateway that it is on, whose planned work covers it too."""
    since = until - span
    changes = _changes(session, list(subjects), since)
    everyone = [*subjects, *(gateway for gateway in subjects.values() if gateway)]
    windows = windows_since(session, since, sorted(set(everyone)))
    result = {}
    for subject, gateway in subjects.items():
        bars = slots(changes[subject], _planned(windows, subject, gateway), since, until, count)
        result[subject] = Uptime(total(bars).percent, bars)
    return result


def read_percentages(session: Session, subject: str, gateway: str | None, until: datetime) -> dict[str, float | None]:
    """Of each of ``RANGES``, by its name, from one reading of the longest."""
    since = until - RANGES["90d"]
    changes = _changes(session, [subject], since)[subject]
    planned = _planned(windows_since(session, since, [subject, gateway or subject]), subject, gateway)
    return {name: total(slots(changes, planned, until - span, until, 1)).percent for name, span in RANGES.items()}


def _planned(
    windows: Sequence[MaintenanceWindow], subject: str, gateway: str | None
) -> list[tuple[datetime, datetime]]:
    return [(w.starts_at, w.ends_at) for w in windows if w.subject_id in (None, subject, gateway)]


def _changes(session: Session, subjects: list[str], since: datetime) -> dict[str, list[Change]]:
    """The changes since then, before them the last one of each subject that is older."""
    before = (
        select(func.max(HealthChange.id))
        .where(HealthChange.subject_id.in_(subjects), HealthChange.at < since)
        .group_by(HealthChange.subject_id)
    )
    columns = select(HealthChange.subject_id, HealthChange.at, HealthChange.state)
    found: dict[str, list[Change]] = defaultdict(list)
    for subject, at, state in session.exec(columns.where(HealthChange.id.in_(before))):
        found[subject].append((at, state))
    later = columns.where(HealthChange.subject_id.in_(subjects), HealthChange.at >= since)
    for subject, at, state in session.exec(later.order_by(HealthChange.at, HealthChange.id)):
        found[subject].append((at, state))
    return found
