"""Says how deployments are, from what a look at their gateway found. The only writer of ``health_status``."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from models.base import now
from models.deployment import Deployment, DeploymentStatus, HealthState, Revision
from models.gateway import Gateway
from models.wire import DeploymentState, GatewayState
from services.changes import Changes
from services.database import Database
from services.deployment_views import find_deployment
from services.gateways import GatewayDirectory
from services.rules.health import assess, count


@dataclass(frozen=True)
class HealthStatus:
    deployment_id: str
    health_status: HealthState
    reason: str
    checked_at: datetime


class HealthService:
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory) -> None:
        self._database = database
        self._changes = changes
        self._gateways = gateways

    async def health_check(self, deployment_id: str) -> HealthStatus:
        """Look at the deployment's gateway now, and record what was seen. Raises NotFound for an unknown deployment."""
        gateway_id = (await self._database.read(lambda session: find_deployment(session, deployment_id))).gateway_id
        await self.record(*await self._gateways.look(await self._gateways.get(gateway_id)))
        row = await self._database.read(lambda session: find_deployment(session, deployment_id))
        return HealthStatus(row.id, row.health_status, row.health_reason or "", row.last_health_check or now())

    async def record(self, gateway: Gateway, state: GatewayState | None) -> None:
        """Note what a look at a gateway says of the deployments on it."""
        for deployment_id in await self._database.write(lambda session: _record(session, gateway, state)):
            self._changes.deployment.send(deployment_id)


def _record(session: Session, gateway: Gateway, state: GatewayState | None) -> list[str]:
    """Write what was seen of each deployment on the gateway. Returns the ids of those that look different now."""
    is_live = (Revision.deployment_id == Deployment.id) & (Revision.number == Deployment.live_revision)
    on_it = (
        select(Deployment, Revision.sha256)
        .join(Revision, is_live, isouter=True)
        .where(
            Deployment.gateway_id == gateway.id,
            Deployment.undeployed_at.is_(None),
        )
    )
    seen: dict[str, DeploymentState] = {d.deployment_id: d for d in state.deployments} if state else {}
    changed = []
    for row, sha256 in session.exec(on_it):
        before = (row.health_status, row.health_reason, row.request_count)
        if row.status is DeploymentStatus.RUNNING and sha256 is not None:
            row.health_status, row.health_reason = assess(row, sha256, gateway, state, seen.get(row.id))
            row.last_health_check = now()
        else:
            row.health_status, row.health_reason = HealthState.UNKNOWN, None
        if state is not None and row.id in seen:
            count(row, state.boot_id, seen[row.id].counters)
        if before != (row.health_status, row.health_reason, row.request_count):
            changed.append(row.id)
    return changed
