"""Writing an agent in the browser: checked while typing, stored when asked."""

import pytest
from nicegui import ui
from nicegui.testing import User

from nexdeck.models.manifest import AgentKind
from nexdeck.pages.assets import STATIC
from nexdeck.pages.components.agents.dialog import STARTERS, bumped
from nexdeck.services.errors import NotFound
from nexdeck.services.studio import Studio
from tests.actors import ACTOR


async def test_the_starting_points_are_agents_as_they_stand(studio: Studio) -> None:
    await studio.agents.import_samples(actor=ACTOR)
    kinds = []
    for name in STARTERS:
        source = (STATIC / "starters" / name).read_text()
        kinds.append((await studio.agents.preview(name, source, actor=ACTOR)).kind)
    assert kinds == [AgentKind.DECLARATIVE, AgentKind.PYTHON, AgentKind.ORCHESTRATION]


async def test_faults_are_told_with_line_and_column_while_typing(user: User) -> None:
    await user.open("/agents")
    user.find(marker="new-agent").click()
    await user.should_see(marker="draft-name")
    (editor,) = user.find(kind=ui.codemirror, marker="source").elements
    editor.set_value("name: Not A Name\nversion: 1.0.0\n")
    await user.should_see("1:7")
    (save,) = user.find(marker="save-agent").elements
    assert not save.enabled


async def test_a_new_agent_gets_into_the_catalog(user: User, studio: Studio) -> None:
    await user.open("/agents?new=1")
    await user.should_see(marker="draft-name")
    user.find(marker="save-agent").click()
    await user.should_see("Version 0.1.0")
    assert (await studio.agents.get("my-assistant", actor=ACTOR)).agent.created_by == "local"


async def test_a_new_version_begins_with_the_newest_source(user: User, studio: Studio, echo: str) -> None:
    await user.open(f"/agents/{echo}")
    user.find(marker="add-version").click()
    await user.should_see("A new version of echo")
    user.find(marker="save-agent").click()
    await user.should_see("Version 1.0.1")
    assert [v.version for v in (await studio.agents.get(echo, actor=ACTOR)).versions] == ["1.0.1", "1.0.0"]


async def test_deleting_asks_first(user: User, studio: Studio, echo: str) -> None:
    await user.open(f"/agents/{echo}")
    user.find(marker="delete-agent").click()
    await user.should_see("This cannot be undone")
    await studio.agents.get(echo, actor=ACTOR)
    user.find(marker="confirm").click()
    await user.should_see("The catalog is empty")
    with pytest.raises(NotFound):
        await studio.agents.get(echo, actor=ACTOR)


def test_a_version_label_moves_on_in_yaml_and_python() -> None:
    assert bumped("name: a\nversion: 1.4.9\n", "1.4.9") == "name: a\nversion: 1.4.10\n"
    assert bumped('__version__ = "0.1.0"\nX = "0.1.0"\n', "0.1.0") == '__version__ = "0.1.1"\nX = "0.1.0"\n'
    assert bumped("# no label\n", "1.0.0") == "# no label\n"
