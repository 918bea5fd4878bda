"""What happened in the time that a chart shows: revisions that went live, and incidents."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam
from sqlmodel import Session, select

from nexdeck.models.deployment import Operation, OperationKind, OperationStatus
from nexdeck.models.health import Incident

SWITCHES = (OperationKind.DEPLOY, OperationKind.REDEPLOY, OperationKind.ROLLBACK)
MOST_ANNOTATIONS = 50  # of each kind, the newest


@dataclass(frozen=True)
class Annotation:
    """``kind`` is ``revision`` or ``incident``; an incident lasts ``until`` a time, or still."""

    at: datetime
    kind: str
    label: str
    until: datetime | None = None


def annotations_in(
    session: Session,
    since: datetime,
    until: datetime,
    *,
    gateway_id: str | None = None,
    deployment_id: str | None = None,
) -> list[Annotation]:
    """Incidents of everything, of a gateway, or of a deployment and its gateway; revisions of a deployment only."""
    asked = {"since": since, "until": until, "gateway_id": gateway_id, "deployment_id": deployment_id}
    marks = []
    if deployment_id is not None:
        marks += [Annotation(at, "revision", f"r{number}") for at, number in session.execute(_switches(), asked)]
    incidents = session.execute(_incidents(gateway_id is not None, deployment_id is not None), asked)
    marks += [Annotation(at, "incident", title, closed_at) for at, title, closed_at in incidents]
    return sorted(marks, key=lambda mark: mark.at)


@cache  # what a query costs is its composing, not its running
def _switches() -> Select:
    rows = select(Operation.ended_at, Operation.revision).where(
        Operation.deployment_id == bindparam("deployment_id"),
        Operation.kind.in_(SWITCHES),
        Operation.status == OperationStatus.SUCCEEDED,
        Operation.ended_at >= bindparam("since"),
        Operation.ended_at < bindparam("until"),
    )
    return rows.order_by(Operation.ended_at.desc()).limit(MOST_ANNOTATIONS)


@cache
def _incidents(of_gateway: bool, of_deployment: bool) -> Select:
    rows = select(Incident.opened_at, Incident.title, Incident.closed_at).where(
        Incident.opened_at < bindparam("until"),
        Incident.closed_at.is_(None) | (Incident.closed_at >= bindparam("since")),
    )
    if of_gateway:
        rows = rows.where(Incident.gateway_id == bindparam("gateway_id"))
    if of_deployment:
        rows = rows.where((Incident.deployment_id == bindparam("deployment_id")) | Incident.deployment_id.is_(None))
    return rows.order_by(Incident.opened_at.desc()).limit(MOST_ANNOTATIONS)
