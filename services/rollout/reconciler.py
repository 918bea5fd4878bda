"""Looks at every gateway and repairs what drifted: one call a gateway, whatever the number of deployments on it."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.control import DeploymentState
from nexdeck.models.deployment import Deployment, OperationKind
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.services.deployments.journal import active_operation, open_operation
from nexdeck.services.errors import StudioError
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.probe import Probe, write_seen
from nexdeck.services.health.known import KnownRow
from nexdeck.services.health.recorder import HealthChanges
from nexdeck.services.health.service import HealthService
from nexdeck.services.keys.delivery import KeyDelivery, note_uses
from nexdeck.services.metrics.collector import MetricCollector
from nexdeck.services.platform.batching import Batching
from nexdeck.services.platform.database import Database
from nexdeck.services.rollout.executor import OperationExecutor
from nexdeck.services.rollout.requests import revision_to_run
from nexdeck.services.rollout.scratch_revisions import ScratchRevisions
from nexdeck.services.rules.convergence import Backoff, has_remainder, is_settled, repair_for

logger = logging.getLogger(__name__)
RECONCILER = "reconciler"
AT_ONCE = 50  # gateways looked at concurrently
GATHERED_SECONDS = 0.05
MOST_LOOKS = 100  # in one transaction: most find nothing to write


@dataclass(frozen=True)
class Drift:
    """``wrong``: what would bring each deployment back; ``repairs``: those with a new operation; ``remainders``: what
    a gateway holds besides what it should; ``orphans``: what it holds that is not ours; ``stale_keys``: deployments
    that it accepts other keys for than it should."""

    wrong: dict[str, OperationKind] = field(default_factory=dict)
    repairs: list[str] = field(default_factory=list)
    remainders: list[DeploymentState] = field(default_factory=list)
    orphans: list[DeploymentState] = field(default_factory=list)
    stale_keys: list[str] = field(default_factory=list)


class Reconciler:
    def __init__(
        self,
        database: Database,
        gateways: GatewayDirectory,
        counters: MetricCollector,
        health: HealthService,
        keys: KeyDelivery,
        executor: OperationExecutor,
        scratch_revisions: ScratchRevisions,
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._counters = counters
        self._health = health
        self._keys = keys
        self._executor = executor
        self._scratch_revisions = scratch_revisions
        self._backoff = Backoff()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._noted: Batching[Probe, Drift] = Batching(self._note, GATHERED_SECONDS, MOST_LOOKS)
        self._startup_grace: set[str] = set()
        self._orphans: dict[str, list[DeploymentState]] = {}
        self._in_place: dict[str, tuple[list[KnownRow], list[DeploymentState]]] = {}

    async def sweep(self) -> None:
        """Every gateway once, but for those whose checks are paused; a slow one holds up no other."""
        paused = await self._health.paused_gateways()
        gateways = await self._gateways.present()
        await asyncio.gather(*(self._visit(gateway) for gateway in gateways if gateway.id not in paused))

    async def retry_due(self) -> None:
        """Look again early where a repair may be tried again or a gateway of our own is coming up: mostly nowhere."""
        due = self._backoff.soonest()
        if due is not None and due <= time.monotonic():
            await self.sweep()
        elif self._startup_grace:
            here = await self._gateways.present()
            self._startup_grace.intersection_update(gateway.id for gateway in here)
            await asyncio.gather(*(self._visit(gateway) for gateway in here if gateway.id in self._startup_grace))

    async def check(self, gateway: str, *, actor: Actor) -> Gateway:
        """Look at one gateway now, and repair what drifted on it. An unreachable gateway is no error."""
        return await self._visit(await self._gateways.get(gateway, actor=actor))

    async def close(self) -> None:
        await self._noted.close()

    def orphans(self, gateway_id: str) -> list[DeploymentState]:
        """What the gateway held at the last probe that no deployment of ours accounts for."""
        return self._orphans.get(gateway_id, [])

    async def _visit(self, gateway: Gateway) -> Gateway:
        async with self._slots:
            look = await self._counters.look(gateway)
        drift = await self._noted.add(gateway.id, look)
        if look.is_up or gateway.kind is not GatewayKind.LOCAL:
            self._startup_grace.discard(gateway.id)
        else:
            self._startup_grace.add(gateway.id)
        if look.is_up:
            if drift.stale_keys:
                await self._keys.resend(drift.stale_keys)
            if drift.wrong:
                drift.repairs.extend(await self._begin_repairs(drift.wrong, look.at))
            for deployment_id in drift.repairs:
                self._executor.converge(deployment_id)
            self._note_orphans(gateway, drift.orphans)
            if drift.remainders:
                await self._clear(gateway, drift.remainders)
        return gateway

    async def _note(self, looks: list[Probe]) -> list[Drift]:
        """Write what looks at gateways say. What came in within a moment goes into one transaction."""
        news, drifts = await self._database.write(lambda session: self._write(session, looks))
        self._gateways.tell(looks)
        self._health.tell(news)
        return [drifts[look.gateway.id] for look in looks]

    def _write(self, session: Session, looks: list[Probe]) -> tuple[HealthChanges, dict[str, Drift]]:
        looks = sorted(looks, key=lambda look: look.gateway.id)  # another Nexdeck's transactions lock in the same order
        write_seen(session, looks)
        ids, latest = [look.gateway.id for look in looks], max(look.at for look in looks)
        known = self._health.recorder.known.read(session, ids, latest)
        news = self._health.recorder.note(session, looks, known)
        stale = note_uses(session, {look.gateway.id: look.state for look in looks if look.is_up})
        drifts = {}
        for look in looks:
            id_ = look.gateway.id
            drifts[id_] = self._find_drift(session, look, known.deployments[id_]) if look.is_up else Drift()
            drifts[id_].stale_keys.extend(stale.get(id_, []))
        return news, drifts

    def _note_orphans(self, gateway: Gateway, orphans: list[DeploymentState]) -> None:
        before = {held.deployment_id for held in self.orphans(gateway.id)}
        self._orphans[gateway.id] = orphans
        if before != {held.deployment_id for held in orphans}:
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

    def _find_drift(self, session: Session, look: Probe, expected: list[KnownRow]) -> Drift:
        """Compare what the gateway holds with what it should hold, unless both are as they were when all was well."""
        drift, what = Drift(), (expected, look.state.deployments)
        if self._in_place.get(look.gateway.id) == what:
            return drift
        self._in_place.pop(look.gateway.id, None)
        seen, is_in_place = {held.deployment_id: held for held in look.state.deployments}, True
        for row in expected:
            held = seen.pop(row.id, None)
            kind = repair_for(row, row.sha256, held)
            if kind is not None:
                is_in_place = False
                if self._backoff.may(row.id, time.monotonic()):
                    drift.wrong[row.id] = kind
                continue
            self._backoff.settled(row.id)
            if held is not None and has_remainder(row, held):
                is_in_place = False
                held = self._scratch_revisions.left_out(held)
                if has_remainder(row, held) and self._may_touch(session, row.id, look.at):
                    drift.remainders.append(held)
        if is_in_place and not seen:
            self._in_place[look.gateway.id] = what
        if seen:
            just_gone = select(Deployment.id).where(Deployment.id.in_(list(seen)), Deployment.undeployed_at >= look.at)
            gone = set(session.exec(just_gone))
            drift.orphans.extend(held for id_, held in seen.items() if id_ not in gone)
        return drift

    async def _begin_repairs(self, wrong: dict[str, OperationKind], looked_at: datetime) -> list[str]:
        """Write an operation for each that may be touched. Returns the ids of their deployments."""

        def change(session: Session) -> list[str]:
            begun = []
            for deployment_id, kind in wrong.items():
                if self._may_touch(session, deployment_id, looked_at):
                    row = session.get_one(Deployment, deployment_id)
                    logger.warning("%s drifted: %s", row.name, kind)
                    open_operation(session, row, kind, revision_to_run(session, row), RECONCILER)
                    begun.append(deployment_id)
            return begun

        try:
            begun = await self._database.write(change)
        except IntegrityError:  # somebody else began an operation just now: the next probe sees what came of it
            return []
        for deployment_id in begun:
            self._backoff.tried(deployment_id, time.monotonic())
        return begun

    def _may_touch(self, session: Session, deployment_id: str, looked_at: datetime) -> bool:
        """Not while somebody else is at it, nor on the word of a probe that is older than the last change."""
        row = session.get_one(Deployment, deployment_id)
        return is_settled(row.updated_at, looked_at, now()) and active_operation(session, row.id) is None
