"""Questions about the rows of gateways, within somebody's transaction."""

from dataclasses import dataclass

from sqlalchemy import and_, case
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, func, select
from sqlmodel.sql.expression import SelectOfScalar

from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.health import HealthStanding
from nexdeck.services.deployments.views import is_serving
from nexdeck.services.errors import Conflict, NotFound


@dataclass(frozen=True)
class GatewaySummary:
    """``running_count``: those that answer callers, a change under way or not. ``pause``: who paused its checks, when
    and why; None while it is looked at."""

    gateway: Gateway
    deployment_count: int
    running_count: int
    pause: HealthStanding | None


def present_gateways() -> SelectOfScalar[Gateway]:
    return select(Gateway).where(Gateway.status != GatewayStatus.REMOVED)


def list_gateways(session: Session) -> list[GatewaySummary]:
    """All gateways, the local ones first, with how many deployments each holds and whether its checks are paused."""
    serving = func.sum(case((is_serving(), 1), else_=0))
    present = select(Deployment.gateway_id, func.count(), serving).where(Deployment.undeployed_at.is_(None))
    counts = {gateway_id: found for gateway_id, *found in session.exec(present.group_by(Deployment.gateway_id))}
    is_paused = and_(HealthStanding.subject_id == Gateway.id, HealthStanding.paused_at.is_not(None))
    gateways = present_gateways().add_columns(HealthStanding).join(HealthStanding, is_paused, isouter=True)
    found = session.execute(gateways.order_by(Gateway.kind, Gateway.name))
    return [GatewaySummary(gateway, *counts.get(gateway.id, (0, 0)), pause) for gateway, pause in found]


def find_gateway(session: Session, gateway: str) -> Gateway:
    row = session.exec(present_gateways().where((Gateway.id == gateway) | (Gateway.name == gateway))).first()
    if row is None:
        raise NotFound(f"There is no gateway {gateway[:80]!r}. `nexdeck gateways list` shows those there are.")
    return row


def write_gateway(session: Session, gateway: Gateway) -> None:
    """A new one. Raises Conflict when its name or address is taken."""
    if session.exec(present_gateways().where(Gateway.url == gateway.url)).first():
        raise Conflict(f"Another gateway has the address {gateway.url} already.", code="gateway_exists")
    message = f"There is a gateway named {gateway.name} already; choose another name."
    if session.exec(present_gateways().where(Gateway.name == gateway.name)).first():
        raise Conflict(message, code="gateway_exists")
    session.add(gateway)
    try:
        session.flush()
    except IntegrityError as error:  # somebody was quicker
        raise Conflict(message, code="gateway_exists") from error


def require_unused(session: Session, gateway: Gateway) -> None:
    on_it = select(Deployment.name).where(Deployment.gateway_id == gateway.id, Deployment.undeployed_at.is_(None))
    if names := session.exec(on_it.order_by(Deployment.name)).all():
        raise Conflict(f"Undeploy first what is on {gateway.name}: {', '.join(names[:5])}.", code="gateway_in_use")
