"""The list of deployments, the deploy dialog, and a deployment's page."""

import asyncio

import pytest
from nicegui import ui
from nicegui.testing import User

from nexdeck.models.actor import Actor
from nexdeck.models.choices import Channel
from nexdeck.models.deployment import DeploymentStatus
from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.live import Watch
from nexdeck.services.deployments.views import DeploymentQuery
from nexdeck.services.errors import GatewayUnreachable
from nexdeck.services.platform.paging import Page
from nexdeck.services.rollout.service import NexusDeploymentService
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.pages.waiting import until


async def deployed(studio: Studio, agent: str, name: str) -> str:
    """The id of a deployment that has failed: what answers here is no gateway."""
    change = await studio.deployments.request_deploy(agent, None, "local", name=name, actor=ACTOR)
    await studio.deployments.wait(change.operation.operation.id, 30, actor=ACTOR)
    return change.deployment.id


async def test_two_presses_deploy_with_good_defaults(user: User, studio: Studio, echo: str) -> None:
    await user.open("/deployments")
    user.find("Deploy agent").click()
    await user.should_see("echo 1.0.0 on local")
    user.find(marker="deploy").click()
    await user.should_see("Load it into the gateway")
    (row,) = (await studio.deployments.list(DeploymentQuery(), actor=ACTOR)).items
    assert (row.deployment.name, row.agent_name) == ("echo", "echo")
    options = (await studio.deployments.overview(row.deployment.id, actor=ACTOR)).options
    assert options.channels == list(Channel)
    assert options.sample_input is None


async def test_a_wrong_name_is_told_at_its_field(user: User, studio: Studio, echo: str) -> None:
    await deployed(studio, echo, "taken")
    await user.open("/deployments")
    user.find("Deploy agent").click()
    await user.should_see(marker="deploy-name")
    (name,) = user.find(kind=ui.input, marker="deploy-name").elements
    for value, complaint in (("Not A Name", "lower-case"), ("taken", "of this name already")):
        name.set_value(value)
        await until(lambda complaint=complaint: complaint in (name.error or ""))
    name.set_value("free")
    await until(lambda: name.error is None)


async def test_a_taken_name_gets_a_number(user: User, studio: Studio, echo: str) -> None:
    await deployed(studio, echo, "echo")
    await user.open("/deployments")
    user.find("Deploy agent").click()
    await user.should_see("echo-2")


async def test_a_sample_that_is_not_json_is_told_and_nothing_is_deployed(user: User, studio: Studio, echo: str) -> None:
    await user.open("/deployments")
    user.find("Deploy agent").click()
    await user.should_see(marker="sample-input")
    (sample,) = user.find(kind=ui.codemirror, marker="sample-input").elements
    sample.set_value("{not json")
    user.find(marker="deploy").click()
    await user.should_see("This is not JSON")
    assert (await studio.deployments.counts(actor=ACTOR)).total == 0


async def test_required_keys_are_shown_once(user: User, studio: Studio, echo: str) -> None:
    await user.open("/deployments")
    user.find("Deploy agent").click()
    await user.should_see(marker="require-key")
    user.find(marker="require-key").click()
    user.find(marker="deploy").click()
    await user.should_see("It will not be shown again")
    (shown,) = user.find(marker="new-key").elements
    await user.open("/deployments")
    await user.should_not_see(shown.text)


async def test_a_key_is_made_rotated_and_revoked_in_the_settings(user: User, studio: Studio, echo: str) -> None:
    change = await studio.deployments.request_deploy(echo, options=DeploymentOptions(require_key=True), actor=ACTOR)
    await studio.deployments.wait(change.operation.operation.id, 60, actor=ACTOR)
    await user.open(f"/deployments/{change.deployment.id}?tab=settings")
    await user.should_see("first key")
    user.find(marker="new-key-dialog").click()
    await user.should_see(marker="key-name")
    user.find(marker="key-name").type("mobile <b>app</b>")
    (expiry,) = user.find(kind=ui.select, marker="key-expiry").elements
    expiry.set_value(30 * 86_400)
    user.find(marker="create-key").click()
    await user.should_see("It will not be shown again")
    user.find("I have stored it").click()
    await user.should_see("mobile <b>app</b>")
    detail = await studio.deployments.overview(change.deployment.id, actor=ACTOR)
    made = next(key for key in detail.keys if key.name.startswith("mobile"))
    assert 29 <= (made.expires_at - made.created_at).days <= 30
    await studio.keys.rotate(change.deployment.id, made.id, actor=ACTOR)
    await user.should_see("replaced")
    with pytest.raises(GatewayUnreachable):  # what answers here is no gateway; it counts as revoked all the same
        await studio.keys.revoke(change.deployment.id, made.id, actor=ACTOR)
    await user.should_see("revoked")


async def test_filters_of_the_address_are_applied(user: User, studio: Studio, echo: str) -> None:
    for name in ("alpha", "beta"):
        await deployed(studio, echo, name)
    await user.open("/deployments?q=alp&status=failed")
    await user.should_see(marker="row-alpha")
    await user.should_not_see(marker="row-beta")
    await user.open("/deployments?status=running")
    await user.should_see("Nothing matches")
    user.find("Clear search and filters").click()
    await user.should_see(marker="row-beta")
    await user.open("/deployments?sort=nonsense&gateway=local&page=999&health=nonsense")
    await user.should_see(marker="row-alpha")


async def test_25_rows_a_page(user: User, studio: Studio, echo: str) -> None:
    await asyncio.gather(*(deployed(studio, echo, f"d{number:02}") for number in range(27)))
    await user.open("/deployments?sort=name")
    await user.should_see("1–25 of 27")
    await user.should_not_see(marker="row-d25")
    user.find("Next").click()
    await user.should_see(marker="row-d26")
    await user.should_not_see(marker="row-d00")


async def test_a_change_reaches_the_open_list(user: User, studio: Studio, echo: str) -> None:
    await user.open("/deployments")
    await user.should_see("Nothing is deployed yet")
    await deployed(studio, echo, "arrives")
    await user.should_see(marker="row-arrives")
    await user.should_see("Failed")


async def test_pages_that_were_left_watch_no_longer(user: User, studio: Studio, echo: str) -> None:
    def watches() -> int:
        return sum(isinstance(element, Watch) for element in user.client.elements.values())

    await user.open("/deployments")
    for path, words in (("/agents", "What can be deployed"), ("/", "Choose an agent"), ("/deployments", "Nothing is")):
        user.find(marker=f"nav-{path}").click()
        await user.should_see(words)
    await until(lambda: watches() == 2)  # one of the frame, one of the list


async def test_a_failure_names_its_step_and_cause(user: User, studio: Studio, echo: str) -> None:
    deployment_id = await deployed(studio, echo, "unlucky")
    assert (await studio.deployments.get(deployment_id, actor=ACTOR)).status is DeploymentStatus.FAILED
    await user.open(f"/deployments/{deployment_id}")
    await user.should_see("Failed")
    await user.should_see("is not a Nexdeck gateway")
    await user.should_see("skipped")


async def test_the_artifact_is_shown_exactly(user: User, studio: Studio, echo: str) -> None:
    deployment_id = await deployed(studio, echo, "shown")
    await user.open(f"/deployments/{deployment_id}?tab=artifact")
    version = await studio.agents.version(echo, actor=ACTOR)
    await user.should_see(version.sha256)
    assert any("&lt;b&gt;it&lt;/b&gt;" in element.content for element in user.find(kind=ui.html).elements)


async def test_undeploy_asks_first_and_says_what_it_does(user: User, studio: Studio, echo: str) -> None:
    deployment_id = await deployed(studio, echo, "leaving")
    await user.open(f"/deployments/{deployment_id}")
    user.find(marker="action-undeploy").click()
    await user.should_see("its endpoints and its keys stop working")
    assert (await studio.deployments.overview(deployment_id, actor=ACTOR)).operation.operation.kind == "deploy"
    user.find(marker="confirm").click()
    await user.should_see("leaving is being undeployed.")


async def test_a_head_sorts_one_way_and_then_the_other(user: User, studio: Studio, echo: str) -> None:
    for name in ("alpha", "beta"):
        await deployed(studio, echo, name)
    await user.open("/deployments")
    assert names_in_order(user) == ["beta", "alpha"]  # the latest change first
    for expected in (["alpha", "beta"], ["beta", "alpha"]):
        user.find(marker="sort-name").click()
        await until(lambda expected=expected: names_in_order(user) == expected)


def names_in_order(user: User) -> list[str]:
    links = [e for e in user.find(kind=ui.link).elements if "row-link" in e.classes]
    return [link.text for link in sorted(links, key=lambda link: link.id)]


async def test_an_older_version_stays_chosen(user: User, studio: Studio, echo: str) -> None:
    newer = (await studio.agents.version(echo, actor=ACTOR)).source.replace("1.0.0", "2.0.0")
    await studio.agents.add_version(echo, "echo.py", newer, actor=ACTOR)
    await user.open(f"/agents/{echo}?version=1.0.0")
    user.find("Deploy this version").click()
    await user.should_see("echo 1.0.0 on local")
    user.find(marker="deploy").click()
    await user.should_see("Load it into the gateway")
    (row,) = (await studio.deployments.list(DeploymentQuery(), actor=ACTOR)).items
    assert row.deployment.version == "1.0.0"


async def dialog_of_two_agents(user: User, studio: Studio, echo: str) -> tuple[ui.select, ui.codemirror, ui.input]:
    """The deploy dialog, open at ``echo`` with ``shout`` beside it: its agent, its sample input and its name."""
    other = (await studio.agents.version(echo, actor=ACTOR)).source.replace("echo", "shout").replace("hello", "HELLO")
    await studio.agents.create("shout.py", other, actor=ACTOR)
    await user.open("/deployments")
    user.find("Deploy agent").click()
    await user.should_see("echo 1.0.0 on local")
    (agent,) = user.find(kind=ui.select, marker="deploy-agent").elements
    (sample,) = user.find(kind=ui.codemirror, marker="sample-input").elements
    (name,) = user.find(kind=ui.input, marker="deploy-name").elements
    return agent, sample, name


async def test_another_agent_brings_its_own_sample_and_name(user: User, studio: Studio, echo: str) -> None:
    agent, sample, name = await dialog_of_two_agents(user, studio, echo)
    agent.set_value("shout")
    await until(lambda: "HELLO" in sample.value and name.value == "shout")


async def test_what_comes_late_of_an_earlier_agent_changes_nothing(
    user: User, studio: Studio, echo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the first agent's name is taken is told after everything about the second; so with a typed name."""
    agent, sample, name = await dialog_of_two_agents(user, studio, echo)
    await until(lambda: name.value == "echo")
    listed, late = type(studio.deployments).list, asyncio.Event()

    async def names(service: NexusDeploymentService, query: DeploymentQuery, *, actor: Actor) -> Page:
        found = await listed(service, query, actor=actor)
        if query.q == "echo":
            await late.wait()
        return found

    agent.set_value("shout")
    await until(lambda: "HELLO" in sample.value and name.value == "shout")
    monkeypatch.setattr(type(studio.deployments), "list", names)
    agent.set_value("echo")
    await asyncio.sleep(0.2)
    agent.set_value("shout")
    await asyncio.sleep(0.2)
    late.set()
    await asyncio.sleep(0.2)
    assert "HELLO" in sample.value and name.value == "shout"
    name.set_value("echo")
    late.clear()
    await asyncio.sleep(0.2)
    name.set_value("Not A Name")
    await until(lambda: "lower-case" in (name.error or ""))
    late.set()
    await asyncio.sleep(0.2)
    assert "lower-case" in (name.error or "")
