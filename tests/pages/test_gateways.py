"""Adding a gateway: what is wrong with it is told in the dialog, and nothing is stored."""

from pathlib import Path

from nicegui import ui
from nicegui.testing import User

from nexdeck.models.control import DeploymentState, LiveOptions, RevisionState
from nexdeck.models.gateway import GatewayKind
from nexdeck.models.manifest import Limits
from nexdeck.models.trust import TrustKind
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.certificates import Authority, showing
from tests.pages.waiting import until


async def test_a_gateway_that_does_not_answer_is_not_added(user: User, studio: Studio) -> None:
    await user.open("/gateways")
    user.find(marker="add-gateway").click()
    await user.should_see(marker="gateway-url")
    for marker, value in (("name", "eu-1"), ("url", "http://127.0.0.1:9"), ("token", "abc")):
        (field,) = user.find(kind=ui.input, marker=f"gateway-{marker}").elements
        field.set_value(value)
    user.find(marker="test-gateway").click()
    await user.should_see("Nothing usable answers")
    user.find(marker="save-gateway").click()
    await user.should_see("Nothing usable answers")
    assert [s.gateway.kind for s in await studio.gateways.list(actor=ACTOR)] == [GatewayKind.LOCAL]


async def test_faults_stand_at_their_fields(user: User) -> None:
    await user.open("/gateways")
    user.find(marker="add-gateway").click()
    await user.should_see(marker="gateway-url")
    user.find(kind=ui.input, marker="gateway-name").type("Not A Name")
    user.find(marker="save-gateway").click()
    (name,) = user.find(kind=ui.input, marker="gateway-name").elements
    await until(lambda: "lower-case" in (name.error or ""))


async def test_a_local_gateway_needs_a_name_that_is_free(user: User) -> None:
    await user.open("/gateways")
    user.find(marker="add-local-gateway").click()
    await user.should_see(marker="local-gateway-name")
    (name,) = user.find(kind=ui.input, marker="local-gateway-name").elements
    for value, words in (("Not A Name", "lower-case"), ("local", "There is a gateway named local already")):
        name.set_value(value)
        user.find(marker="save-local-gateway").click()
        await user.should_see(words)


async def test_what_is_unknown_on_a_gateway_is_told(user: User, studio: Studio, echo: str) -> None:
    gateway = await studio.gateways.get("local", actor=ACTOR)
    version = await studio.agents.version(echo, actor=ACTOR)
    options = LiveOptions(channels=["api"], require_key=False, limits=Limits())
    known = RevisionState(revision=1, sha256=version.sha256)
    other = RevisionState(revision=1, sha256="0" * 64)
    held = [
        DeploymentState(deployment_id="one", name="foundling", live=known, options=options),
        DeploymentState(deployment_id="two", name="odd", live=other, options=options),
    ]
    studio.reconciler._note_orphans(gateway, held)
    await user.open("/gateways")
    user.find("2 unknown to this Nexdeck").click()
    await user.should_see("It is echo 1.0.0.")
    await user.should_see("no agent in the catalog has its SHA-256")
    assert len(user.find("Adopt").elements) == 1
    user.find("Adopt").click()
    await user.should_see("Adopt foundling?")


async def test_a_pause_of_the_checks_is_told_and_ended_in_the_row(user: User, studio: Studio) -> None:
    gateway = await studio.gateways.get("local", actor=ACTOR)
    await user.open("/gateways")
    await user.should_see("Not seen yet")
    user.find(marker="menu-local").click()
    await user.should_see("Pause the checks …", retries=100)
    user.find(marker="act-pause").click()
    await user.should_see("nothing on it is judged or repaired", retries=100)
    user.find(marker="pause-reason").type("a new <b>line</b>")
    user.find(marker="save-pause").click()
    await user.should_see("Checks are paused: a new <b>line</b>", retries=100)
    await user.should_see("by local, since")
    await user.should_see("Paused")
    await user.should_not_see("Not seen yet")
    assert await studio.health.paused_gateways() == {gateway.id}
    user.find(marker="menu-local").click()
    await user.should_see("Go on with the checks", retries=100)
    user.find(marker="act-resume").click()
    await user.should_not_see("Checks are paused", retries=100)
    await user.should_not_see("Paused")
    assert await studio.health.paused_gateways() == set()


async def test_the_overview_tells_of_paused_checks_live(user: User, studio: Studio) -> None:
    await user.open("/")
    await user.should_see("Not seen yet")
    await studio.health.pause((await studio.gateways.get("local", actor=ACTOR)).id, "", actor=ACTOR)
    await user.should_see("Paused", retries=100)


async def test_a_certificate_that_is_not_the_pinned_one_is_told_at_its_field(user: User, tmp_path: Path) -> None:
    await user.open("/gateways")
    user.find(marker="add-gateway").click()
    await user.should_see(marker="gateway-url")
    with showing(*Authority(tmp_path).sign("127.0.0.1")) as port:
        for marker, value in (("url", f"https://127.0.0.1:{port}"), ("token", "abc")):
            (field,) = user.find(kind=ui.input, marker=f"gateway-{marker}").elements
            field.set_value(value)
        user.find(marker="test-gateway").click()
        await user.should_see("not signed by the system's authorities")
        (trust,) = user.find(kind=ui.select, marker="gateway-trust").elements
        trust.set_value(TrustKind.PIN)
        (pin,) = user.find(kind=ui.input, marker="gateway-pin").elements
        pin.set_value("ab" * 32)
        user.find(marker="test-gateway").click()
        await until(lambda: "It shows another certificate" in (pin.error or ""))
