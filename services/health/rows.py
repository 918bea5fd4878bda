"""Standings from rows and changes into rows: what the sweep and whoever pauses or resumes checks write alike."""

from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, update

from nexdeck.models.deployment import Deployment, HealthState
from nexdeck.models.health import HealthChange, HealthStanding
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.health.known import OF_STANDING, KnownRow
from nexdeck.services.rules.health import Standing

GATEWAY_CHECKED = (
    update(HealthStanding.__table__)
    .where(HealthStanding.__table__.c.subject_id.in_(bindparam("them", expanding=True)))
    .values(checked_at=bindparam("at"))
)
ON_IT = Deployment.__table__.c
DEPLOYMENTS_CHECKED = (
    update(Deployment.__table__)
    .where(
        ON_IT.gateway_id.in_(bindparam("them", expanding=True)),
        ON_IT.undeployed_at.is_(None),
        ON_IT.live_revision.is_not(None),
    )
    .values(last_health_check=bindparam("at"))
)


def standing_of(row: HealthStanding | KnownRow | None, at: datetime) -> Standing:
    """What is kept of a subject; a subject that was never looked at is unknown since ``at``."""
    if row is None or row.state is None:
        return Standing(since=at)
    return Standing(**{name: getattr(row, name) for name in OF_STANDING})


def note_change(session: Session, subject_id: str, before: Standing | None, after: Standing, at: datetime) -> None:
    """One row for each change of state or cause."""
    if after.state is HealthState.UNKNOWN and (before is None or before.state is HealthState.UNKNOWN):
        return
    cause = None if after.state is HealthState.UNKNOWN else after.cause
    if before is None or (before.state, before.cause) != (after.state, cause):
        session.add(HealthChange(subject_id=subject_id, at=at, state=after.state, cause=cause, reason=after.reason))


def note_times(session: Session, judged: list[Probe], up: list[Probe]) -> None:
    """They were all looked at just now."""
    for statement, looks in ((GATEWAY_CHECKED, judged), (DEPLOYMENTS_CHECKED, up)):
        if looks:
            them, at = [look.gateway.id for look in looks], max(look.at for look in looks)
            session.connection().execute(statement, {"them": them, "at": at})
