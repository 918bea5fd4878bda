"""What a probe of a gateway saw, and the gateway's row brought up to date with it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, update

from nexdeck.models.base import now
from nexdeck.models.control import DeploymentState, GatewayState
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.telemetry import GatewayReport

NEWS = ("status", "status_reason", "boot_id", "version")
SEEN = (*NEWS, "last_seen_at")
RIVAL_SECONDS = 60.0  # another Nexdeck that called within that time still has the gateway
COLUMN = Gateway.__table__.c
WRITE_NEWS = (
    update(Gateway.__table__)
    .where(COLUMN.id == bindparam("of"), COLUMN.status != GatewayStatus.REMOVED)
    .values({name: bindparam(f"new_{name}") for name in NEWS})
)
WRITE_SEEN = (
    update(Gateway.__table__)
    .where(COLUMN.id.in_(bindparam("them", expanding=True)), COLUMN.status != GatewayStatus.REMOVED)
    .values(last_seen_at=bindparam("at"))
)


class Probe(NamedTuple):
    """One probe of a gateway: the row brought up to date, and its state, None when it could not be reached.

    ``probe_ms``: how long the answer took, or the failure. ``is_news``: people see something else of it than before.
    ``is_coming_up``: it is not up, and was started too short a time ago for that to tell anything. ``is_asked_for``:
    somebody asked for the start that its boot came of.
    """

    gateway: Gateway
    state: GatewayReport | None
    at: datetime
    probe_ms: float
    is_news: bool = False
    is_coming_up: bool = False
    is_asked_for: bool = False

    @property
    def is_up(self) -> bool:
        return self.state is not None and self.state.ready

    @property
    def deployments(self) -> list[DeploymentState]:
        return self.state.deployments if self.state else []


def note_seen(gateway: Gateway, state: GatewayState, installation: str) -> None:
    """``installation`` is ours. Nothing is written yet."""
    others = {c.installation for c in state.claimants if c.seconds_ago < RIVAL_SECONDS}
    reason = None
    if others := sorted(others - {installation}):
        reason = f"It is also controlled by the Nexdeck {', '.join(others)}. They undo each other's changes: "
        reason += "remove it from one of them."
    seen = (GatewayStatus.ONLINE, reason, state.boot_id, state.version, now())
    for name, value in zip(SEEN, seen, strict=True):
        if getattr(gateway, name) != value:
            set_committed_value(gateway, name, value)  # what is kept of it is not written by the row


def write_seen(session: Session, looks: list[Probe]) -> None:
    """Bring the rows of gateways up to date with what looks at them saw. All that answered did so just now."""
    connection, seen = session.connection(), [look.gateway for look in looks if look.state]
    news = [look.gateway for look in looks if look.is_news]
    if news:
        rows = [{f"new_{name}": getattr(gateway, name) for name in NEWS} | {"of": gateway.id} for gateway in news]
        connection.execute(WRITE_NEWS, rows)
    if seen:
        at = max(gateway.last_seen_at for gateway in seen)
        connection.execute(WRITE_SEEN, {"them": [gateway.id for gateway in seen], "at": at})
