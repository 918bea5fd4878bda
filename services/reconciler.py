"""Looks at every gateway and repairs what drifted: one call a gateway, whatever the number of deployments on it."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from models.base import now
from models.deployment import Deployment, Revision
from models.gateway import Gateway, GatewayKind
from models.wire import DeploymentState, GatewayState
from services.convergence import Convergence
from services.database import Database
from services.deployment_requests import revision_to_run
from services.errors import StudioError
from services.gateways import GatewayDirectory
from services.guests import Guests
from services.health import HealthService
from services.key_delivery import KeyDelivery
from services.operations import active_operation, open_operation
from services.rules.convergence import Backoff, has_remainder, is_settled, repair_for

logger = logging.getLogger(__name__)
RECONCILER = "reconciler"
AT_ONCE = 50  # gateways looked at concurrently


@dataclass(frozen=True)
class Drift:
    """``repairs``: deployments with a new operation; ``remainders``: what a gateway holds besides what it should;
    ``strangers``: what it holds that is not ours."""

    repairs: list[str] = field(default_factory=list)
    remainders: list[DeploymentState] = field(default_factory=list)
    strangers: list[DeploymentState] = field(default_factory=list)


class Reconciler:
    def __init__(
        self,
        database: Database,
        gateways: GatewayDirectory,
        health: HealthService,
        keys: KeyDelivery,
        convergence: Convergence,
        guests: Guests,
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._health = health
        self._keys = keys
        self._convergence = convergence
        self._guests = guests
        self._backoff = Backoff()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._coming_up: set[str] = set()
        self._strangers: dict[str, list[DeploymentState]] = {}

    async def sweep(self) -> None:
        """Every gateway once, but for those whose checks are paused; a slow one holds up no other."""
        paused = await self._health.paused_gateways()
        gateways = [summary.gateway for summary in await self._gateways.list()]
        await asyncio.gather(*(self._visit(gateway) for gateway in gateways if gateway.id not in paused))

    async def retry_due(self) -> None:
        """Look again early where a repair may be tried again or a gateway of our own is coming up: mostly nowhere."""
        due = self._backoff.soonest()
        if due is not None and due <= time.monotonic():
            await self.sweep()
        elif self._coming_up:
            here = [summary.gateway for summary in await self._gateways.list()]
            self._coming_up.intersection_update(gateway.id for gateway in here)
            await asyncio.gather(*(self._visit(gateway) for gateway in here if gateway.id in self._coming_up))

    async def check(self, gateway: str) -> Gateway:
        """Look at one gateway now, and repair what drifted on it. An unreachable gateway is no error."""
        return await self._visit(await self._gateways.get(gateway))

    def strangers(self, gateway_id: str) -> list[DeploymentState]:
        """What the gateway held at the last look that no deployment of ours accounts for."""
        return self._strangers.get(gateway_id, [])

    async def _visit(self, gateway: Gateway) -> Gateway:
        async with self._slots:
            look = await self._gateways.look(gateway)
        await self._health.record(look)
        if look.is_up or gateway.kind is not GatewayKind.LOCAL:
            self._coming_up.discard(gateway.id)
        else:
            self._coming_up.add(gateway.id)
        if look.is_up:
            await self._keys.after_look(gateway, look.state)
            try:
                drift = await self._database.write(
                    lambda session: self._find_drift(session, gateway, look.state, look.at)
                )
            except IntegrityError:  # somebody else began an operation just now: the next look sees what came of it
                return gateway
            for deployment_id in drift.repairs:
                self._convergence.converge(deployment_id)
            self._note_strangers(gateway, drift.strangers)
            await self._clear(gateway, drift.remainders)
        return gateway

    def _note_strangers(self, gateway: Gateway, strangers: list[DeploymentState]) -> None:
        before = {held.deployment_id for held in self.strangers(gateway.id)}
        self._strangers[gateway.id] = strangers
        if before != {held.deployment_id for held in strangers}:
            self._gateways.announce(gateway.id)

    async def _clear(self, gateway: Gateway, remainders: list[DeploymentState]) -> None:
        """Take off what a rollout left behind that failed while the gateway could not be reached."""
        client = self._gateways.client(gateway)
        for held in remainders:
            try:
                if held.live is None:
                    await client.remove(held.deployment_id)
                else:
                    for revision in held.loaded:
                        await client.unload(held.deployment_id, revision.revision)
            except StudioError as error:
                logger.warning("a remainder of %s on %s: %s", held.name, gateway.name, error.message)

    def _find_drift(self, session: Session, gateway: Gateway, state: GatewayState, looked_at: datetime) -> Drift:
        """Write an operation for each deployment that needs repair; note remainders and strangers."""
        seen = {held.deployment_id: held for held in state.deployments}
        is_live = (Revision.deployment_id == Deployment.id) & (Revision.number == Deployment.live_revision)
        ours = select(Deployment, Revision.sha256).join(Revision, is_live, isouter=True)
        drift, known = Drift(), set()
        for row, sha256 in session.exec(ours.where(Deployment.gateway_id == gateway.id)):
            if row.undeployed_at is None or not is_settled(row.undeployed_at, looked_at, now()):
                known.add(row.id)
            if row.undeployed_at is not None:
                continue
            held = self._guests.left_out(seen.get(row.id))
            kind = repair_for(row, sha256, held)
            if kind is None:
                self._backoff.settled(row.id)
            if not self._may_repair(session, row, looked_at):
                continue
            if kind is None and held is not None and has_remainder(row, held):
                drift.remainders.append(held)
            elif kind is not None:
                logger.warning("%s drifted on %s: %s", row.name, gateway.name, kind)
                open_operation(session, row, kind, revision_to_run(session, row), RECONCILER)
                self._backoff.tried(row.id, time.monotonic())
                drift.repairs.append(row.id)
        drift.strangers.extend(held for held in state.deployments if held.deployment_id not in known)
        return drift

    def _may_repair(self, session: Session, row: Deployment, looked_at: datetime) -> bool:
        """Not while somebody else is at it, nor on the word of a look that is older than the last change."""
        return (
            self._backoff.may(row.id, time.monotonic())
            and is_settled(row.updated_at, looked_at, now())
            and active_operation(session, row.id) is None
        )
