"""What happened in the time that a chart shows: revisions that went live, and incidents."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from models.deployment import Operation, OperationKind, OperationStatus
from models.health import Incident

SWITCHES = (OperationKind.DEPLOY, OperationKind.REDEPLOY, OperationKind.ROLLBACK)
MOST_MARKS = 50  # of each kind, the newest


@dataclass(frozen=True)
class Mark:
    """``kind`` is ``revision`` or ``incident``; an incident lasts ``until`` a time, or still."""

    at: datetime
    kind: str
    label: str
    until: datetime | None = None


def marks_in(
    session: Session,
    since: datetime,
    until: datetime,
    *,
    gateway_id: str | None = None,
    deployment_id: str | None = None,
) -> list[Mark]:
    """Incidents of everything, of a gateway, or of a deployment and its gateway; revisions of a deployment only."""
    incidents = select(Incident.opened_at, Incident.title, Incident.closed_at).where(
        Incident.opened_at < until, Incident.closed_at.is_(None) | (Incident.closed_at >= since)
    )
    if gateway_id is not None:
        incidents = incidents.where(Incident.gateway_id == gateway_id)
    marks = []
    if deployment_id is not None:
        incidents = incidents.where((Incident.deployment_id == deployment_id) | Incident.deployment_id.is_(None))
        switches = select(Operation.ended_at, Operation.revision).where(
            Operation.deployment_id == deployment_id,
            Operation.kind.in_(SWITCHES),
            Operation.status == OperationStatus.SUCCEEDED,
            Operation.ended_at >= since,
            Operation.ended_at < until,
        )
        newest = switches.order_by(Operation.ended_at.desc()).limit(MOST_MARKS)
        marks += [Mark(at, "revision", f"r{revision}") for at, revision in session.exec(newest)]
    newest = incidents.order_by(Incident.opened_at.desc()).limit(MOST_MARKS)
    marks += [Mark(at, "incident", title, closed_at) for at, title, closed_at in session.exec(newest)]
    return sorted(marks, key=lambda mark: mark.at)
