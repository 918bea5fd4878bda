"""Operations end, whatever their gateway does, and are carried out by one control plane at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from nexdeck.models.deployment import DeploymentStatus, OperationStatus
from nexdeck.services.deployments import journal, leases
from nexdeck.services.rollout import outcomes
from nexdeck.services.rollout.service import Change
from tests.actors import ACTOR, acting
from tests.unit.services.misbehaving import MemoryGateway, Services


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "FIRST_PAUSE", 0.005)
    monkeypatch.setattr(outcomes, "LONGEST_PAUSE", 0.005)
    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=0.6))


@pytest.fixture
def gateway() -> MemoryGateway:
    return MemoryGateway()


@pytest.fixture
async def ours(tmp_path: Path, gateway: MemoryGateway) -> AsyncIterator[Services]:
    services = Services(tmp_path, gateway)
    await services.prepare()
    yield services
    await services.close()


@pytest.fixture
async def theirs(tmp_path: Path, gateway: MemoryGateway, ours: Services) -> AsyncIterator[Services]:
    """Another control plane on the same database."""
    services = Services(tmp_path, gateway, "theirs")
    yield services
    await services.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (what it waits for has no event)
            await asyncio.sleep(0.01)


async def ended(services: Services, change: Change):
    async with asyncio.timeout(20):
        while True:
            operation = await services.deployments.operation(change.operation.operation.id, actor=ACTOR)
            if operation.operation.status is not OperationStatus.RUNNING:
                return operation
            await services.executor.take_over()
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("place", range(6))
async def test_a_gateway_that_never_answers_holds_a_deployment_until_its_deadline(
    ours: Services, gateway: MemoryGateway, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    live = await ours.deployments.request_deploy("echo", actor=acting("ann"))
    await ended(ours, live)
    monkeypatch.setattr(journal, "DEADLINE", timedelta(seconds=0.3))
    gateway.faults.extend([*[None] * place, *["hang"] * 100])
    operation = await ended(ours, await ours.deployments.redeploy("echo", actor=acting("ann")))
    gateway.faults.clear()
    assert "It did not get there within" in operation.operation.error
    row = await ours.deployments.get("echo", actor=ACTOR)
    assert (row.status, row.live_revision) == (DeploymentStatus.RUNNING, 1)


@pytest.mark.parametrize(
    ("place", "fault"), [(5, "full"), *((place, fault) for place in range(6) for fault in ("lose", "cut", "crash"))]
)
async def test_what_became_of_a_call_is_read_back_and_done_once(
    ours: Services, gateway: MemoryGateway, place: int, fault: str
) -> None:
    gateway.faults.extend([*[None] * place, fault])
    change = await ours.deployments.request_deploy("echo", actor=acting("ann"))
    assert (await ended(ours, change)).operation.status is OperationStatus.SUCCEEDED
    assert gateway.befell == [fault]
    assert gateway.changes.count(("go live", change.deployment.id)) == 1
    assert gateway.held[change.deployment.id].live.revision == 1


async def test_two_control_planes_do_not_carry_out_the_same_operation(
    ours: Services, theirs: Services, gateway: MemoryGateway
) -> None:
    gateway.faults.extend(["slow"] * 100)
    changes = [await ours.deployments.request_deploy("echo", name=f"one-{n}", actor=acting("ann")) for n in range(4)]
    for _ in range(10):
        await theirs.executor.take_over()
        await asyncio.sleep(0.02)
    for change in changes:
        assert (await ended(theirs, change)).operation.status is OperationStatus.SUCCEEDED
    for what in ("load", "go live"):
        assert sorted(gateway.changes.count((what, change.deployment.id)) for change in changes) == [1, 1, 1, 1]


async def test_an_operation_whose_control_plane_died_is_taken_over_by_the_other(
    ours: Services, theirs: Services, gateway: MemoryGateway
) -> None:
    gateway.faults.extend([None, None, "hang"])
    change = await ours.deployments.request_deploy("echo", actor=acting("ann"))
    await until(lambda: "hang" in gateway.befell)
    await theirs.executor.take_over()
    assert not theirs.executor._tasks, "a lease that moves was taken"
    await ours.die()
    assert (await ended(theirs, change)).operation.status is OperationStatus.SUCCEEDED
    events = (await theirs.deployments.overview("echo", actor=ACTOR)).events
    assert [event.message for event in events if event.event == "resumed"] == ["by theirs: ours no longer sees to it."]


async def test_who_lost_its_lease_writes_nothing_more(ours: Services, theirs: Services, gateway: MemoryGateway) -> None:
    gateway.faults.extend(["slow"] * 3)
    change = await ours.deployments.request_deploy("echo", actor=acting("ann"))
    await asyncio.sleep(0.03)
    await theirs.deployments.stop("echo", actor=acting("bob"))  # supersedes what ours is at
    await ended(theirs, change)
    await until(lambda: not (ours.executor._tasks or theirs.executor._tasks))
    await theirs.reconciler.sweep()
    await until(lambda: not theirs.executor._tasks)
    row = await theirs.deployments.get("echo", actor=ACTOR)
    assert (row.status, row.id in gateway.held) == (DeploymentStatus.STOPPED, False)
