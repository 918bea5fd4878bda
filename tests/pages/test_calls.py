"""The tabs that document a deployment and try it."""

from nicegui.testing import User

from nexdeck.services.studio import Studio
from tests.pages.test_deployments import deployed


async def test_the_documents_of_a_deployment(user: User, studio: Studio, echo: str) -> None:
    id_ = await deployed(studio, echo, "shown")
    await user.open(f"/deployments/{id_}?tab=docs")
    await user.should_see("/workflows/shown/execute")
    await user.should_see("invalid_input")
    await user.should_see("Says <b>it</b> again.")
    await user.should_see("call.sh")
    user.find("VS Code").click()
    await user.should_see(".vscode/mcp.json")


async def test_a_try_shows_what_was_answered(user: User, studio: Studio, echo: str) -> None:
    """Here that is a 404, by something that is no gateway."""
    id_ = await deployed(studio, echo, "tried")
    await user.open(f"/deployments/{id_}?tab=try")
    await user.should_see("It answers once it is running.")
    (text,) = user.find(marker="input-text").elements
    assert text.value == "hello"
    text.set_value("it's <b>bold</b>")
    await user.should_see("try-it.sh")
    user.find(marker="try-send").click()
    await user.should_see("404 Not Found")
    await user.should_see('{"text": "it\'s <b>bold</b>"}')
    user.find("As JSON").click()
    await user.should_see("As a form")
