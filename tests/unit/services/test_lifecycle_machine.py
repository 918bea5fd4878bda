"""Whatever is asked in whatever order, and whatever dies meanwhile: in the end it is as it was wished, and known."""

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import select

from models.deployment import (
    Deployment,
    DeploymentOptions,
    DeploymentStatus,
    DesiredState,
    Operation,
    OperationStatus,
    Revision,
)
from services import canary
from services.errors import Conflict
from services.rules.convergence import Backoff
from tests.unit.services.misbehaving import MemoryGateway, Services

NAMES = ("red", "blue")
FAULTS = st.lists(st.sampled_from([None, None, "refuse", "cut", "reject", "slow"]), max_size=6)


class Lifecycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        canary.POLL_SECONDS = 0.01
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="nexdeck-machine-"))
        self.gateway = MemoryGateway()
        self.services = Services(self.folder, self.gateway)
        self.ids: dict[str, str] = {}

    def run(self, work) -> object:
        return self.loop.run_until_complete(asyncio.wait_for(work, 20))

    @initialize()
    def prepare(self) -> None:
        self.run(self.services.prepare())

    @rule(faults=FAULTS)
    def misbehave(self, faults: list[str | None]) -> None:
        self.gateway.faults.extend(faults)

    @rule(name=st.sampled_from(NAMES))
    def deploy(self, name: str) -> None:
        async def work() -> None:
            change = await self.services.deployments.request_deploy("echo", name=name, by="ann")
            self.ids[name] = change.deployment.id

        self.run(self._refusable(work()))

    @rule(
        name=st.sampled_from(NAMES),
        what=st.sampled_from(["stop", "start", "restart", "redeploy", "undeploy", "cancel"]),
    )
    def change(self, name: str, what: str) -> None:
        if name in self.ids:
            self.run(self._refusable(getattr(self.services.deployments, what)(self.ids[name], by="ann")))

    @rule(name=st.sampled_from(NAMES), seconds=st.sampled_from([0.01, 30]))
    def redeploy_with_a_canary(self, name: str, seconds: float) -> None:
        if name in self.ids:
            options = DeploymentOptions(canary={"minutes": seconds / 60})
            self.run(self._refusable(self.services.deployments.redeploy(self.ids[name], options=options, by="ann")))

    @rule(name=st.sampled_from(NAMES))
    def promote(self, name: str) -> None:
        if name in self.ids:
            self.run(self._refusable(self.services.deployments.promote(self.ids[name], by="ann")))

    @rule(seconds=st.sampled_from([0, 0.005, 0.05]))
    def let_time_pass(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule()
    def reconcile(self) -> None:
        self.run(self.services.reconciler.sweep())

    @rule()
    def control_plane_dies(self) -> None:
        async def work() -> None:
            await self.services.close()
            self.services = Services(self.folder, self.gateway)
            await self.services.convergence.resume()

        self.run(work())

    @rule(name=st.sampled_from(NAMES))
    def gateway_loses_it(self, name: str) -> None:
        self.gateway.held.pop(self.ids.get(name, ""), None)

    @rule()
    def settle(self) -> None:
        """Every fault ends; then all must be as it was wished, and nothing may be under way."""
        self.gateway.faults.clear()
        self.run(self._settle())
        self.run(self.services.database.read(self._check))

    @invariant()
    def at_most_one_operation_is_active(self) -> None:
        def query(session) -> list[str]:
            active = select(Operation.deployment_id).where(Operation.status == OperationStatus.RUNNING)
            return list(session.exec(active))

        active = self.run(self.services.database.read(query))
        assert len(active) == len(set(active))

    def teardown(self) -> None:
        self.settle()
        self.run(self.services.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    async def _refusable(self, work) -> None:
        """A request may be refused for what is already so; it must not fail in any other way."""
        with contextlib.suppress(Conflict):
            await work

    async def _settle(self) -> None:
        for _ in range(4):
            while tasks := list(self.services.convergence._tasks.values()):
                for deployment_id in self.ids.values():
                    await self._refusable(self.services.deployments.promote(deployment_id, by="ann"))
                await asyncio.wait(tasks, timeout=0.1)
            self.services.reconciler._backoff = Backoff()
            await self.services.reconciler.sweep()

    def _check(self, session) -> None:
        on_gateway = self.gateway.held
        accounted = set()
        for row in session.exec(select(Deployment)):
            held = on_gateway.get(row.id)
            if held is not None:
                accounted.add(row.id)
            if row.undeployed_at is not None or row.desired_state is not DesiredState.RUNNING:
                assert row.status is DeploymentStatus.STOPPED
                assert held is None
            elif row.status is DeploymentStatus.RUNNING:
                of_it = select(Revision.sha256).where(Revision.deployment_id == row.id)
                sha256 = session.exec(of_it.where(Revision.number == row.live_revision)).one()
                assert held is not None
                assert (held.live.revision, held.live.sha256) == (row.live_revision, sha256)
                assert held.loaded == []
            else:
                assert row.status is DeploymentStatus.FAILED
                assert row.error_message
                assert held is None
        assert accounted == set(on_gateway)


Lifecycle.TestCase.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLifecycle = Lifecycle.TestCase
