"""What is known of gateways, and of what is on them, when they were looked at: read for all of them at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam
from sqlmodel import Session, select

from models.deployment import Deployment, Revision
from models.health import HealthStanding, Incident
from services.maintenance import Cover, cover_at
from services.rules.health import Standing

OF_STANDING = tuple(Standing.__dataclass_fields__)


@dataclass(frozen=True)
class Known:
    """Standings by the gateway's id; open incidents and the rows of present deployments by the gateway's id too."""

    cover: Cover
    standings: dict[str, Row[Any]]
    incidents: dict[str, list[Incident]]
    deployments: dict[str, list[Row[Any]]]


def read_known(session: Session, gateway_ids: Sequence[str], at: datetime) -> Known:
    ids = {"gateway_ids": list(gateway_ids)}
    incidents: defaultdict[str, list[Incident]] = defaultdict(list)
    for incident in session.execute(OPEN_INCIDENTS, ids).scalars():
        incidents[incident.gateway_id].append(incident)
    connection = session.connection()
    deployments: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(DEPLOYMENTS, ids).all():
        deployments[row.gateway_id].append(row)
    standings = {row.subject_id: row for row in connection.execute(STANDINGS, ids).all()}
    return Known(cover_at(session, at), standings, incidents, deployments)


def _of_what_is_on_them() -> Select:
    """Columns, not rows of the ORM: this is read at every look, for every deployment."""
    is_live = (Revision.deployment_id == Deployment.id) & (Revision.number == Deployment.live_revision)
    is_its = HealthStanding.subject_id == Deployment.id
    columns = (
        *(Deployment.id, Deployment.gateway_id, Deployment.name, Deployment.status, Deployment.desired_state),
        *(Deployment.live_revision, Deployment.health_status, Deployment.health_reason, Deployment.updated_at),
        Revision.sha256,
        Revision.options["latency_limit_ms"].as_float().label("latency_limit_ms"),
        *(getattr(HealthStanding, name) for name in OF_STANDING),
        HealthStanding.paused_at,
    )
    rows = select(*columns).join(Revision, is_live, isouter=True).join(HealthStanding, is_its, isouter=True)
    return rows.where(Deployment.gateway_id.in_(THEM), Deployment.undeployed_at.is_(None))


THEM = bindparam("gateway_ids", expanding=True)
DEPLOYMENTS = _of_what_is_on_them()
STANDINGS = select(
    HealthStanding.subject_id, *(getattr(HealthStanding, name) for name in OF_STANDING), HealthStanding.paused_at
).where(HealthStanding.subject_id.in_(THEM))
OPEN_INCIDENTS = select(Incident).where(Incident.gateway_id.in_(THEM), Incident.closed_at.is_(None))
