"""Every page opens, with nothing in the database and with something."""

import pytest
from nicegui import ui
from nicegui.testing import User

from nexdeck.services.studio import Studio
from tests.actors import ACTOR

TITLES = {
    "/": "Overview",
    "/deployments": "Deployments",
    "/agents": "Agents",
    "/gateways": "Gateways",
    "/health": "Health",
    "/settings": "Settings",
}


@pytest.mark.parametrize("path", TITLES)
async def test_a_page_opens_on_a_fresh_installation(user: User, path: str) -> None:
    await user.open(path)
    await user.should_see(TITLES[path])
    await user.should_see("Nexdeck")


async def test_the_first_visit_leads_from_the_samples_to_a_deployment(user: User, studio: Studio) -> None:
    await user.open("/")
    await user.should_see("Choose an agent")
    user.find(marker="import-samples").click()
    await user.should_see("See the agents")
    assert (await studio.agents.list(limit=1, actor=ACTOR)).total >= 6


async def test_empty_lists_say_what_to_do(user: User) -> None:
    await user.open("/deployments")
    await user.should_see("Nothing is deployed yet")
    await user.open("/agents")
    await user.should_see("The catalog is empty")
    await user.open("/settings")
    await user.should_see("No secrets")


@pytest.mark.parametrize(
    ("path", "words", "way_back"),
    [
        ("/deployments/dep_nope", "There is no such deployment", "All deployments"),
        ("/agents/nope", "There is no such agent", "All agents"),
        ("/no/such/page", "There is no such page", "Go to the overview"),
    ],
)
async def test_what_is_not_there_says_so_and_leads_back(user: User, path: str, words: str, way_back: str) -> None:
    response = await user.http_client.get(path)
    assert response.status_code == 404
    assert words in response.text
    assert way_back in response.text


async def test_settings_never_show_a_secret(user: User, studio: Studio) -> None:
    await studio.secrets.put("OPENAI_API_KEY", "sk-very-secret", actor=ACTOR)
    await user.open("/settings")
    await user.should_see("OPENAI_API_KEY")
    await user.should_not_see("sk-very-secret")
    response = await user.http_client.get("/settings")
    assert "sk-very-secret" not in response.text


async def test_hostile_texts_stay_text(user: User, studio: Studio) -> None:
    source = (
        '"""<img src=x onerror=alert(1)>"""\n__version__ = "1.0.0"\nSAMPLE = {"x": "</script><b>"}\n\n'
        'def hostile(x: str) -> str:\n    """<script>alert(2)</script>"""\n    return x\n'
    )
    await studio.agents.create("hostile.py", source, actor=ACTOR)
    await user.open("/agents/hostile")
    await user.should_see("<script>alert(2)</script>")
    for html in user.find(kind=ui.html).elements:
        assert "<script" not in html.content
        assert "<img" not in html.content
        assert "<b>" not in html.content


async def test_a_browser_that_answers_slowly_is_asked_nothing_for_the_navigation(user: User) -> None:
    await user.open("/")
    await user.should_see(kind=ui.left_drawer)
    (drawer,) = user.find(kind=ui.left_drawer).elements
    assert (drawer.value, drawer.props["show-if-above"]) == (False, True)
