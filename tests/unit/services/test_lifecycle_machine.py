"""Whatever is asked in whatever order, and whatever dies meanwhile: in the end it is as it was wished, and known."""

import asyncio
import contextlib
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import select

from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState, Operation, OperationStatus, Revision
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.deployments import leases
from nexdeck.services.errors import Conflict
from nexdeck.services.rollout import canary, outcomes
from nexdeck.services.rules.convergence import Backoff
from tests.actors import ACTOR, acting
from tests.unit.services.misbehaving import MemoryGateway, Services

NAMES = ("red", "blue")
FAULTS = st.lists(st.sampled_from([None, None, "refuse", "lose", "cut", "reject", "slow", "full", "crash"]), max_size=6)
WISHES = {"stop": DesiredState.STOPPED, "undeploy": DesiredState.ABSENT}  # all other changes wish it to run
EXCUSES = {"refuse", "reject", "crash"}  # only these may make anything fail


class Lifecycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        canary.POLL_SECONDS = 0.01
        outcomes.FIRST_PAUSE = outcomes.LONGEST_PAUSE = 0.005
        leases.LEASE = timedelta(seconds=0.2)
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="nexdeck-machine-"))
        self.gateway = MemoryGateway()
        self.services = Services(self.folder, self.gateway)
        self.ids: dict[str, str] = {}
        self.wished: dict[str, DesiredState] = {}

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
            change = await self.services.deployments.request_deploy("echo", name=name, actor=ACTOR)
            self.ids[name] = change.deployment.id
            self.wished[change.deployment.id] = DesiredState.RUNNING

        self.run(self._refusable(work()))

    @rule(
        name=st.sampled_from(NAMES),
        what=st.sampled_from(["stop", "start", "restart", "redeploy", "undeploy", "rollback"]),
    )
    def change(self, name: str, what: str) -> None:
        reason = {"reason": "because"} if what == "rollback" else {}

        async def work() -> None:
            await getattr(self.services.deployments, what)(self.ids[name], actor=acting("ann"), **reason)
            self.wished[self.ids[name]] = WISHES.get(what, DesiredState.RUNNING)

        if name in self.ids:
            self.run(self._refusable(work()))

    @rule(name=st.sampled_from(NAMES))
    def cancel(self, name: str) -> None:
        """What was live stays wished for; what never was is wished for no longer."""

        async def work() -> None:
            row = (await self.services.deployments.cancel(self.ids[name], actor=ACTOR)).deployment
            assert row.desired_state in (self.wished[row.id], DesiredState.STOPPED)
            self.wished[row.id] = row.desired_state

        if name in self.ids:
            self.run(self._refusable(work()))

    @rule(name=st.sampled_from(NAMES), seconds=st.sampled_from([0.01, 30]))
    def redeploy_with_a_canary(self, name: str, seconds: float) -> None:
        if name in self.ids:
            options = DeploymentOptions(canary={"minutes": seconds / 60})
            self.run(self._refusable(self._redeploy(self.ids[name], options)))

    @rule(name=st.sampled_from(NAMES))
    def promote(self, name: str) -> None:
        if name in self.ids:
            self.run(self._refusable(self.services.deployments.promote(self.ids[name], actor=ACTOR)))

    @rule(seconds=st.sampled_from([0, 0.005, 0.05]))
    def let_time_pass(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule()
    def reconcile(self) -> None:
        self.run(self.services.reconciler.sweep())

    @rule(gently=st.booleans(), owner=st.sampled_from(["ours", "theirs"]))
    def control_plane_dies(self, gently: bool, owner: str) -> None:
        """It is started again, or another one on the same database takes its place."""

        async def work() -> None:
            await (self.services.close() if gently else self.services.die())
            self.services = Services(self.folder, self.gateway, owner)
            await self.services.executor.resume()

        self.run(work())

    @rule()
    def gateway_dies(self) -> None:
        self.gateway.befell.append("crash")
        self.gateway.crash()

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
        active = self.run(self.services.database.read(_active))
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

    async def _redeploy(self, deployment_id: str, options: DeploymentOptions) -> None:
        await self.services.deployments.redeploy(deployment_id, options=options, actor=ACTOR)
        self.wished[deployment_id] = DesiredState.RUNNING

    async def _settle(self) -> None:
        for _ in range(4):
            while await self.services.database.read(_active):
                await self.services.executor.take_over()
                await asyncio.sleep(0.01)
                await self._promote_all()
            while tasks := list(self.services.executor._tasks.values()):
                await asyncio.wait(tasks, timeout=0.1)
            self.services.reconciler._backoff = Backoff()
            await self.services.reconciler.sweep()

    async def _promote_all(self) -> None:
        for deployment_id in self.ids.values():
            await self._refusable(self.services.deployments.promote(deployment_id, actor=ACTOR))

    def _check(self, session) -> None:
        on_gateway = self.gateway.held
        accounted = set()
        for row in session.exec(select(Deployment)):
            held = on_gateway.get(row.id)
            assert row.desired_state is self.wished[row.id]
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
                assert EXCUSES & set(self.gateway.befell), row.error_message
                assert held is None
        assert accounted == set(on_gateway)


def _active(session) -> list[str]:
    """The deployments with an operation under way."""
    return list(session.exec(select(Operation.deployment_id).where(Operation.status == OperationStatus.RUNNING)))


Lifecycle.TestCase.settings = settings(max_examples=15, stateful_step_count=30, suppress_health_check=list(HealthCheck))
TestLifecycle = Lifecycle.TestCase
