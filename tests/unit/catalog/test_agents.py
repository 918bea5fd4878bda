import pytest

from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.manifest import AgentKind, hash_of
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.errors import Conflict, NotFound, SourceInvalid
from nexdeck.services.platform.changes import Changes
from tests.actors import ACTOR, acting
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
    detail = await catalog.create("greet.py", PYTHON, actor=acting("ana"))
    (version,) = detail.versions
    assert (detail.agent.name, detail.agent.created_by, version.version) == ("greet", "ana", "1.0.0")
    assert version.sha256 == hash_of(PYTHON)
    assert (await catalog.get("greet", actor=ACTOR)).agent == (await catalog.get(detail.agent.id, actor=ACTOR)).agent
    page = await catalog.list(actor=ACTOR)
    assert [(row.agent.name, row.latest.version, row.version_count, row.deployment_count) for row in page.items] == [
        ("greet", "1.0.0", 1, 0)
    ]
    await catalog.delete("greet", actor=acting("ana"))
    assert (await catalog.list(actor=ACTOR)).total == 0
    assert seen == [detail.agent.id] * 2


async def test_a_preview_stores_nothing(catalog, seen):
    draft = await catalog.preview("greet.py", PYTHON, actor=ACTOR)
    assert draft.module == PYTHON
    assert (await catalog.list(actor=ACTOR)).total == 0
    assert seen == []


async def test_the_newest_version_is_the_highest_release(catalog):
    await catalog.create("greet.py", versioned("1.9.0"), actor=acting("ana"))
    for version in ["1.10.0", "1.2.0", "2.0.0-rc.2", "2.0.0-rc.10"]:
        await catalog.add_version("greet", "anything.py", versioned(version), actor=acting("ana"))
    assert (await catalog.version("greet", actor=ACTOR)).version == "1.10.0"
    labels = [version.version for version in (await catalog.get("greet", actor=ACTOR)).versions]
    assert labels == ["2.0.0-rc.10", "2.0.0-rc.2", "1.10.0", "1.9.0", "1.2.0"]
    assert (await catalog.version("greet", "1.2.0", actor=ACTOR)).source == versioned("1.2.0")
    with pytest.raises(NotFound, match="no version '3\\.0\\.0'; it has"):
        await catalog.version("greet", "3.0.0", actor=ACTOR)


async def test_a_version_is_added_once_and_never_changed(catalog, seen):
    await catalog.create("greet.py", PYTHON, actor=acting("ana"))
    same = await catalog.add_version("greet", "greet.py", PYTHON, actor=acting("ben"))
    assert same.created_by == "ana"
    assert len(seen) == 1
    with pytest.raises(Conflict, match="versions never change") as caught:
        await catalog.add_version("greet", "greet.py", PYTHON + "# changed\n", actor=acting("ben"))
    assert caught.value.code == "version_exists"


async def test_a_taken_name_and_a_foreign_source_are_refused(catalog):
    await catalog.create("greet.py", PYTHON, actor=acting("ana"))
    with pytest.raises(Conflict, match="add this source to it as a version") as caught:
        await catalog.create("greet.py", versioned("2.0.0"), actor=acting("ana"))
    assert caught.value.code == "agent_exists"
    source = (
        "name: other\ninstructions: x\nprovider: offline\ninputs: [{name: a}]\noutputs: [{name: b}]\nversion: 2.0.0\n"
    )
    with pytest.raises(SourceInvalid, match="belongs to another agent"):
        await catalog.add_version("greet", "other.yaml", source, actor=acting("ana"))
    with pytest.raises(NotFound, match="no agent 'nobody'"):
        await catalog.add_version("nobody", "greet.py", PYTHON, actor=acting("ana"))


async def test_lists_are_paged_and_filtered(catalog):
    for name in ["ada", "bob", "cyd"]:
        await catalog.create(f"{name}.py", f'"""Says 100% {name.upper()}."""\n{PYTHON}', actor=acting("ana"))
    first = await catalog.list(limit=2, actor=ACTOR)
    assert ([row.agent.name for row in first.items], first.total, first.next_cursor) == (["ada", "bob"], 3, "2")
    rest = await catalog.list(limit=2, cursor=first.next_cursor, actor=ACTOR)
    assert ([row.agent.name for row in rest.items], rest.next_cursor) == (["cyd"], None)
    assert [row.agent.name for row in (await catalog.list(q="100% B", actor=ACTOR)).items] == ["bob"]
    assert (await catalog.list(kind=AgentKind.DECLARATIVE, actor=ACTOR)).total == 0


async def test_an_agent_in_use_stays(catalog, database):
    detail = await catalog.create("greet.py", PYTHON, actor=acting("ana"))
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
    assert (await catalog.list(actor=ACTOR)).items[0].deployment_count == 1
    with pytest.raises(Conflict, match="deployed as hi; undeploy it first") as caught:
        await catalog.delete("greet", actor=acting("ana"))
    assert caught.value.code == "in_use"
