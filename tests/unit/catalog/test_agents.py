import pytest

from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.wire import AgentKind, hash_of
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.errors import Conflict, NotFound, SourceInvalid
from nexdeck.services.platform.changes import Changes
from tests.unit.catalog.catalogs import new_database

PYTHON = "def greet(name: str) -> str:\n    return name\n"


def versioned(version: str) -> str:
    return f"__version__ = {version!r}\n{PYTHON}"


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def seen(changes) -> list[str]:
    ids: list[str] = []
    changes.agent.connect(ids.append, weak=False)
    return ids


@pytest.fixture
def database(tmp_path):
    return new_database(tmp_path)


@pytest.fixture
def catalog(database, changes):
    return AgentCatalog(database, changes)


async def test_an_agent_is_created_listed_and_deleted(catalog, seen):
    detail = await catalog.create("greet.py", PYTHON, by="ana")
    (version,) = detail.versions
    assert (detail.agent.name, detail.agent.created_by, version.version) == ("greet", "ana", "1.0.0")
    assert version.sha256 == hash_of(PYTHON)
    assert (await catalog.get("greet")).agent == (await catalog.get(detail.agent.id)).agent
    page = await catalog.list()
    assert [(row.agent.name, row.latest.version, row.version_count, row.deployment_count) for row in page.items] == [
        ("greet", "1.0.0", 1, 0)
    ]
    await catalog.delete("greet", by="ana")
    assert (await catalog.list()).total == 0
    assert seen == [detail.agent.id] * 2


async def test_a_preview_stores_nothing(catalog, seen):
    draft = await catalog.preview("greet.py", PYTHON)
    assert draft.module == PYTHON
    assert (await catalog.list()).total == 0
    assert seen == []


async def test_the_newest_version_is_the_highest_release(catalog):
    await catalog.create("greet.py", versioned("1.9.0"), by="ana")
    for version in ["1.10.0", "1.2.0", "2.0.0-rc.2", "2.0.0-rc.10"]:
        await catalog.add_version("greet", "anything.py", versioned(version), by="ana")
    assert (await catalog.version("greet")).version == "1.10.0"
    labels = [version.version for version in (await catalog.get("greet")).versions]
    assert labels == ["2.0.0-rc.10", "2.0.0-rc.2", "1.10.0", "1.9.0", "1.2.0"]
    assert (await catalog.version("greet", "1.2.0")).source == versioned("1.2.0")
    with pytest.raises(NotFound, match="no version '3\\.0\\.0'; it has"):
        await catalog.version("greet", "3.0.0")


async def test_a_version_is_added_once_and_never_changed(catalog, seen):
    await catalog.create("greet.py", PYTHON, by="ana")
    same = await catalog.add_version("greet", "greet.py", PYTHON, by="ben")
    assert same.created_by == "ana"
    assert len(seen) == 1
    with pytest.raises(Conflict, match="versions never change") as caught:
        await catalog.add_version("greet", "greet.py", PYTHON + "# changed\n", by="ben")
    assert caught.value.code == "version_exists"


async def test_a_taken_name_and_a_foreign_source_are_refused(catalog):
    await catalog.create("greet.py", PYTHON, by="ana")
    with pytest.raises(Conflict, match="add this source to it as a version") as caught:
        await catalog.create("greet.py", versioned("2.0.0"), by="ana")
    assert caught.value.code == "agent_exists"
    source = (
        "name: other\ninstructions: x\nprovider: offline\ninputs: [{name: a}]\noutputs: [{name: b}]\nversion: 2.0.0\n"
    )
    with pytest.raises(SourceInvalid, match="belongs to another agent"):
        await catalog.add_version("greet", "other.yaml", source, by="ana")
    with pytest.raises(NotFound, match="no agent 'nobody'"):
        await catalog.add_version("nobody", "greet.py", PYTHON, by="ana")


async def test_lists_are_paged_and_filtered(catalog):
    for name in ["ada", "bob", "cyd"]:
        await catalog.create(f"{name}.py", f'"""Says 100% {name.upper()}."""\n{PYTHON}', by="ana")
    first = await catalog.list(limit=2)
    assert ([row.agent.name for row in first.items], first.total, first.next_cursor) == (["ada", "bob"], 3, "2")
    rest = await catalog.list(limit=2, cursor=first.next_cursor)
    assert ([row.agent.name for row in rest.items], rest.next_cursor) == (["cyd"], None)
    assert [row.agent.name for row in (await catalog.list(q="100% B")).items] == ["bob"]
    assert (await catalog.list(kind=AgentKind.DECLARATIVE)).total == 0


async def test_an_agent_in_use_stays(catalog, database):
    detail = await catalog.create("greet.py", PYTHON, by="ana")
    gateway = Gateway(
        name="here", kind=GatewayKind.LOCAL, url="http://127.0.0.1:1", encrypted_token="", created_by="ana"
    )
    deployment = Deployment(
        agent_id=detail.agent.id,
        version="1.0.0",
        gateway_id=gateway.id,
        deployed_by="ana",
        api_endpoint="",
        cli_command="",
        name="hi",
    )
    await database.write(lambda session: session.add(gateway))
    await database.write(lambda session: session.add(deployment))
    assert (await catalog.list()).items[0].deployment_count == 1
    with pytest.raises(Conflict, match="deployed as hi; undeploy it first") as caught:
        await catalog.delete("greet", by="ana")
    assert caught.value.code == "in_use"
