"""A gateway in memory that keeps ``models.control`` and misbehaves on demand; a service on top of it."""

import asyncio
from collections import deque
from pathlib import Path

from nexdeck.models.base import now
from nexdeck.models.choices import Channel
from nexdeck.models.control import CanaryRequest, DeploymentState, LiveRequest, RevisionState
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.manifest import RevisionBundle
from nexdeck.models.telemetry import GatewayReport, Position
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.deployments.journal import Journal
from nexdeck.services.deployments.leases import Leases
from nexdeck.services.errors import ArtifactRejected, GatewayError, GatewayUnreachable, OutcomeUnknown, ProofFailed
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.gateways.connections import GatewayConnections
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.local import LocalGateways
from nexdeck.services.health.service import HealthService
from nexdeck.services.keys.delivery import KeyDelivery
from nexdeck.services.metrics.collector import MetricCollector
from nexdeck.services.metrics.service import MetricsService
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rollout.canary import Canaries
from nexdeck.services.rollout.executor import OperationExecutor
from nexdeck.services.rollout.proof import ProofCall, Prover
from nexdeck.services.rollout.reconciler import Reconciler
from nexdeck.services.rollout.scratch_revisions import ScratchRevisions
from nexdeck.services.rollout.service import NexusDeploymentService
from nexdeck.services.rollout.steps import Rollout
from tests.actors import ACTOR

URL = "http://127.0.0.1:1"


class MemoryGateway:
    """Answers as the real one does. The next fault in ``faults`` befalls the next call: ``refuse``, ``lose`` and,
    where it writes, ``full`` before it does its work, ``cut`` after it, ``reject`` instead of it, ``slow`` before it;
    ``crash`` loses what is not live, ``hang`` never answers; None lets the call pass.

    ``befell`` lists the faults that befell a call, ``changes`` the changes that were made, as ``(what, deployment)``.
    """

    def __init__(self) -> None:
        self.url = URL
        self.held: dict[str, DeploymentState] = {}
        self.faults: deque[str | None] = deque()
        self.befell: list[str] = []
        self.changes: list[tuple[str, str]] = []

    def crash(self) -> None:
        """It is killed, and started again with what it has on disk."""
        self.held = {id_: state for id_, state in self.held.items() if state.live is not None}
        for state in self.held.values():
            state.loaded, state.canary = [], None

    async def _befall(self, work, writes: bool = False):
        fault = self.faults.popleft() if self.faults else None
        if fault == "full" and not writes:
            fault = None
        if fault:
            self.befell.append(fault)
        await asyncio.sleep(0.02 if fault == "slow" else 0)
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "crash":
            self.crash()
        if fault == "refuse":
            raise GatewayUnreachable("the line is down")
        if fault in ("lose", "crash"):
            raise OutcomeUnknown("the line was cut before the work was done")
        if fault == "full":
            raise GatewayError("no space left", code="storage_failed")
        if fault == "reject":
            raise ArtifactRejected("it does not load")
        result = work()
        if fault == "cut":
            raise OutcomeUnknown("the line was cut after the work was done")
        return result

    async def state(self, counted: Position | None = None, seen: int = 0) -> GatewayReport:
        def work() -> GatewayReport:
            held = [state.model_copy(deep=True) for state in self.held.values()]
            return GatewayReport(version="1", boot_id="b", pid=1, started_at=now(), ready=True, deployments=held)

        return await self._befall(work)

    async def load(self, deployment_id: str, bundle: RevisionBundle) -> DeploymentState:
        def work() -> DeploymentState:
            self.changes.append(("load", deployment_id))
            state = self.held.setdefault(deployment_id, DeploymentState(deployment_id=deployment_id, name=bundle.name))
            present = [*state.loaded, *([state.live] if state.live else [])]
            if bundle.revision not in [revision.revision for revision in present]:
                state.loaded.append(RevisionState(revision=bundle.revision, sha256=bundle.sha256))
            return state

        return await self._befall(work)

    async def unload(self, deployment_id: str, revision: int) -> None:
        def work() -> None:
            if state := self.held.get(deployment_id):
                state.loaded = [loaded for loaded in state.loaded if loaded.revision != revision]
                if not state.loaded and state.live is None:
                    del self.held[deployment_id]

        await self._befall(work)

    async def go_live(self, deployment_id: str, request: LiveRequest) -> DeploymentState:
        def work() -> DeploymentState:
            state = self.held.get(deployment_id)
            if state is None or request.revision not in [r.revision for r in [*state.loaded, state.live] if r]:
                raise GatewayError("it is not loaded here", code="revision_not_loaded")
            self.changes.append(("go live", deployment_id))
            if state.live is None or state.live.revision != request.revision:
                state.live = next(loaded for loaded in state.loaded if loaded.revision == request.revision)
                state.loaded = [loaded for loaded in state.loaded if loaded.revision != request.revision]
            return state

        return await self._befall(work, writes=True)

    async def set_canary(self, deployment_id: str, request: CanaryRequest) -> DeploymentState:
        def work() -> DeploymentState:
            state = self.held.get(deployment_id)
            if state is None or request.revision not in [loaded.revision for loaded in state.loaded]:
                raise GatewayError("it is not loaded here", code="revision_not_loaded")
            if state.live is None:
                raise GatewayError("there is no live one", code="nothing_to_share")
            return state

        return await self._befall(work)

    async def remove(self, deployment_id: str) -> None:
        await self._befall(lambda: self.held.pop(deployment_id, None), writes=True)


class MemoryDirectory(GatewayDirectory):
    memory: MemoryGateway

    def client(self, gateway: Gateway) -> MemoryGateway:
        return self.memory


class MemoryProver(Prover):
    async def prove(self, channel: Channel, client: GatewayClient, token: str, call: ProofCall) -> str:
        def work() -> str:
            held = client.held.get(call.deployment_id)
            present = [*held.loaded, *([held.live] if held.live else [])] if held else []
            if call.revision not in [revision.revision for revision in present]:
                raise ProofFailed("it is not there", code="revision_not_loaded")
            return "answered"

        try:
            return await client._befall(work)
        except ArtifactRejected as error:
            raise ProofFailed("it answered nonsense") from error


class Services:
    """What a control plane is made of; made again on the same folder it is the control plane after a restart."""

    def __init__(self, folder: Path, memory: MemoryGateway, owner: str = "ours", url: str | None = None) -> None:
        self.database = Database(url or f"sqlite:///{folder / 'test.db'}")
        self.database.migrate()
        changes, vault = Changes(), SecretVault(self.database, folder / "secret.key")
        self.gateways = MemoryDirectory(self.database, changes, vault, GatewayConnections(), [])
        self.gateways.memory = memory
        self.agents = AgentCatalog(self.database, changes)
        journal = Journal(self.database, changes, owner)
        keys = KeyDelivery(self.database, self.gateways)
        counters = MetricCollector(self.database, changes, self.gateways)
        canaries = Canaries(self.database, MetricsService(self.database, counters))
        rollout = Rollout(self.database, journal, vault, self.gateways, keys, MemoryProver(URL), canaries, URL)
        health = HealthService(self.database, changes, self.gateways, counters)
        self.executor = OperationExecutor(
            self.database, journal, Leases(self.database, owner), rollout, health, ScratchRevisions()
        )
        self.reconciler = Reconciler(
            self.database, self.gateways, counters, health, keys, self.executor, ScratchRevisions()
        )
        local = LocalGateways(self.database, vault, self.gateways, folder, 8401, "")
        self.deployments = NexusDeploymentService(
            self.database, changes, self.agents, self.gateways, vault, health, self.executor, local, URL
        )
        self._encrypt = vault.encrypt

    async def prepare(self) -> None:
        """A gateway and an agent to work with."""
        token = self._encrypt("token")
        row = Gateway(name="local", kind=GatewayKind.REMOTE, url=URL, encrypted_token=token, created_by="test")
        await self.gateways.save_new(row)
        await self.agents.create("echo.py", "SAMPLE = {}\n\n\ndef echo() -> dict:\n    return {}\n", actor=ACTOR)

    async def close(self) -> None:
        await self.executor.close()
        self.database.close()

    async def die(self) -> None:
        """As a kill does it: nothing is written any more, no lease is given back."""
        tasks = list(self.executor._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.database.close()
