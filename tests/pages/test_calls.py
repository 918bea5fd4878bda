"""The tabs that document a deployment and try it."""

from nicegui.testing import User

from services.studio import Studio
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
