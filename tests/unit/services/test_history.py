"""The history keeps what it promises to keep, and nothing of it grows for ever."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, func, select

from nexdeck.models.deployment import Deployment, Operation, OperationStep, Revision, StatusChange
from nexdeck.services.deployments.retention import History
from tests.actors import ACTOR, acting
from tests.unit.services.misbehaving import MemoryGateway, Services

TABLES = (Deployment, Revision, Operation, OperationStep, StatusChange)


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    services = Services(tmp_path, MemoryGateway())
    await services.prepare()
    yield services
    await services.close()


async def deployed(services: Services, name: str, *kinds: str) -> str:
    """A deployment that those changes were made of, one after the other. Returns its id."""
    change = await services.deployments.request_deploy("echo", name=name, actor=ACTOR)
    for kind in ("", *kinds):
        if kind:
            change = await getattr(services.deployments, kind)(change.deployment.id, actor=acting("ann"))
        await services.deployments.wait(change.operation.operation.id, 20, actor=ACTOR)
    return change.deployment.id


def age(session: Session) -> None:
    """Everything happened two days earlier."""
    for table, name in ((Operation, "created_at"), (StatusChange, "at"), (Deployment, "undeployed_at")):
        for row in session.exec(select(table)):
            if (at := getattr(row, name)) is not None:
                setattr(row, name, at - timedelta(days=2))


async def count(services: Services, table: type, deployment_id: str) -> int:
    column = table.id if table is Deployment else getattr(table, "deployment_id", None)
    rows = select(func.count()).select_from(table)
    if column is None:
        rows, column = rows.join(Operation, Operation.id == OperationStep.operation_id), Operation.deployment_id
    return await services.database.read(lambda session: session.exec(rows.where(column == deployment_id)).one())


async def test_the_newest_operations_stay_however_old_and_all_that_are_young(services: Services) -> None:
    old = await deployed(services, "old", "redeploy", "stop", "start")
    await services.database.write(age)
    young = await deployed(services, "young", "redeploy", "stop", "start")
    await History(services.database, days=1, operations=2).prune()
    assert [await count(services, Operation, id_) for id_ in (old, young)] == [2, 4]
    assert await count(services, StatusChange, old) == 8
    assert (await services.deployments.get("old", actor=ACTOR)).status == "running"
    kept = (await services.deployments.overview("old", actor=ACTOR)).operation
    assert (kept.operation.kind, len(kept.steps)) == ("start", 7)


async def test_what_was_undeployed_long_ago_goes_with_all_that_belongs_to_it(services: Services) -> None:
    gone = await deployed(services, "gone", "redeploy", "undeploy")
    stays = await deployed(services, "stays")
    await services.database.write(age)
    recent = await deployed(services, "recent", "undeploy")
    await History(services.database, days=1, operations=50).prune()
    assert [await count(services, table, gone) for table in TABLES] == [0, 0, 0, 0, 0]
    for kept in (stays, recent):
        assert 0 not in [await count(services, table, kept) for table in TABLES]
