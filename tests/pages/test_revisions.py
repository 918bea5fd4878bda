"""What the redeploy dialog and the list of revisions tell before anything is changed, and the way back."""

from nicegui import ui
from nicegui.testing import User
from sqlmodel import select

from nexdeck.models.base import now
from nexdeck.models.deployment import Revision
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.pages.conftest import ECHO
from tests.pages.test_deployments import deployed
from tests.pages.waiting import until

RENAMED = ECHO.replace("1.0.0", "2.0.0").replace("text: str", "words: str").replace("return text", "return words")
RENAMED = RENAMED.replace('{"text"', '{"words"')


async def two_revisions(studio: Studio, agent: str) -> str:
    """The id of a deployment whose first revision was proven once and whose second failed."""
    deployment_id = await deployed(studio, agent, "moved")

    def prove(session) -> None:
        revision = session.exec(select(Revision).where(Revision.deployment_id == deployment_id)).one()
        revision.proven_at, revision.failed_at = now(), None

    await studio.database.write(prove)
    await studio.agents.add_version(agent, "echo.py", RENAMED, actor=ACTOR)
    change = await studio.deployments.redeploy(deployment_id, allow_breaking=True, reason="a new name", actor=ACTOR)
    await studio.deployments.wait(change.operation.operation.id, 30, actor=ACTOR)
    return deployment_id


async def test_the_redeploy_dialog_tells_what_breaks_and_wants_it_confirmed(
    user: User, studio: Studio, echo: str
) -> None:
    deployment_id = await deployed(studio, echo, "asked")
    await studio.agents.add_version(echo, "echo.py", RENAMED, actor=ACTOR)
    await user.open(f"/deployments/{deployment_id}")
    user.find(marker="action-redeploy").click()
    await user.should_see("2 breaking")
    await user.should_see("inputs.words")
    await user.should_see("is new and required")
    (button,) = user.find(marker="redeploy").elements
    assert not button.enabled
    user.find(marker="allow-breaking").click()
    await until(lambda: button.enabled)
    user.find(marker="redeploy").click()
    await user.should_see("asked is being redeployed.")
    assert [r.version for r in (await studio.deployments.overview(deployment_id, actor=ACTOR)).revisions] == [
        "2.0.0",
        "1.0.0",
    ]


async def test_a_safe_redeploy_asks_for_nothing(user: User, studio: Studio, echo: str) -> None:
    deployment_id = await deployed(studio, echo, "safe")
    await user.open(f"/deployments/{deployment_id}")
    user.find(marker="action-redeploy").click()
    await user.should_see("It runs the same as before.")
    await user.should_not_see(marker="allow-breaking")
    (button,) = user.find(marker="redeploy").elements
    assert button.enabled


async def test_revisions_tell_who_why_and_what_and_a_failed_one_offers_no_way_back(
    user: User, studio: Studio, echo: str
) -> None:
    deployment_id = await two_revisions(studio, echo)
    await user.open(f"/deployments/{deployment_id}?tab=revisions")
    for words in ("a new name", "version 1.0.0 → 2.0.0", "Failed", "Proven earlier"):
        await user.should_see(words)
    await user.should_see(marker="rollback-1")
    await user.should_not_see(marker="rollback-2")


async def test_rolling_back_shows_the_diff_and_wants_a_reason(user: User, studio: Studio, echo: str) -> None:
    deployment_id = await two_revisions(studio, echo)
    await studio.deployments.redeploy(deployment_id, version="1.0.0", options=None, allow_breaking=True, actor=ACTOR)
    await user.open(f"/deployments/{deployment_id}?tab=revisions")
    await user.should_see(marker="rollback-1")
    user.find(marker="rollback-1").click()
    await user.should_see("1.0.0 → 1.0.0")
    user.find(marker="roll-back").click()
    (reason,) = user.find(kind=ui.input, marker="rollback-reason").elements
    await until(lambda: "Say why" in (reason.error or ""))
    reason.set_value("callers complain")
    user.find(marker="roll-back").click()
    await user.should_see("moved is being rolled back to revision 1.")
    newest = (await studio.deployments.overview(deployment_id, actor=ACTOR)).revisions[0]
    assert (newest.version, newest.reason) == ("1.0.0", "Rollback to revision 1: callers complain")


async def test_compare_shows_the_lines_that_differ(user: User, studio: Studio, echo: str) -> None:
    deployment_id = await two_revisions(studio, echo)
    await user.open(f"/deployments/{deployment_id}?tab=revisions")
    user.find(marker="compare-2").click()
    await user.should_see("What revision 2 changed")
    await user.should_see(kind=ui.html)
    await user.should_see("1.0.0 → 2.0.0")
    assert any('class="gi"' in element.content for element in user.find(kind=ui.html).elements)


async def test_a_redeploy_that_failed_changes_no_option(user: User, studio: Studio, echo: str) -> None:
    deployment_id = await two_revisions(studio, echo)
    guarded = DeploymentOptions(require_key=True)
    change = await studio.deployments.redeploy(deployment_id, version="1.0.0", options=guarded, actor=ACTOR)
    await studio.deployments.wait(change.operation.operation.id, 30, actor=ACTOR)
    detail = await studio.deployments.overview(deployment_id, actor=ACTOR)
    assert (detail.revisions[0].number, detail.options.require_key, detail.artifact.version) == (3, False, "1.0.0")


async def test_options_are_called_the_same_in_the_list_of_revisions_and_where_two_are_compared(
    user: User, studio: Studio, echo: str
) -> None:
    deployment_id = await deployed(studio, echo, "changed")
    slower = DeploymentOptions(limits={"timeout_seconds": 90})
    change = await studio.deployments.redeploy(deployment_id, options=slower, actor=ACTOR)
    await studio.deployments.wait(change.operation.operation.id, 30, actor=ACTOR)
    await user.open(f"/deployments/{deployment_id}?tab=revisions")
    await user.should_see("timeout in seconds")
    assert len(user.find("timeout in seconds").elements) == 1
    user.find(marker="compare-2").click()
    await user.should_see("60 → 90")
    assert len(user.find("timeout in seconds").elements) == 2
