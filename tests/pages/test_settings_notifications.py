"""Settings: channels are added, tested and changed, and the status page is switched on; no secret comes to the page."""

from nicegui import ui
from nicegui.testing import User

from nexdeck.models.notification import ChannelKind, ChannelRule
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.pages.waiting import until

DEAD_END = "http://127.0.0.1:9/very-secret-path"


def field(user: User, marker: str, kind: type = ui.input):
    (element,) = user.find(kind=kind, marker=marker).elements
    return element


async def test_a_webhook_is_added_and_its_secret_is_shown_once(user: User, studio: Studio) -> None:
    await user.open("/settings")
    await user.should_see("Nobody is told when something breaks.")
    user.find(marker="add-channel").click()
    await user.should_see(marker="save-channel")
    field(user, "channel-name").set_value("hook")
    field(user, "channel-kind", ui.select).set_value(ChannelKind.WEBHOOK)
    field(user, "channel-url").set_value(DEAD_END)
    user.find(marker="test-channel").click()
    await user.should_see("is in a private network, and notices do not go there")
    user.find(marker="save-channel").click()
    await user.should_see("whsec_")
    user.find("I have stored it").click()
    await user.should_see(marker="channel-hook")
    await user.open("/settings")
    await user.should_see("http://127.0.0.1:9/…")
    await user.should_not_see("very-secret-path")
    user.find(marker="rotate-hook").click()
    await user.should_see("For a day each notice carries a signature of the old one too")
    user.find(marker="confirm").click()
    await user.should_see("The new signing secret of hook")
    await user.should_see("whsec_")


async def test_faults_stand_at_their_fields_and_nothing_is_stored(user: User, studio: Studio) -> None:
    await user.open("/settings")
    await user.should_see(marker="add-channel")
    user.find(marker="add-channel").click()
    await user.should_see(marker="save-channel")
    field(user, "channel-name").set_value("on-call")
    field(user, "channel-url").set_value("file:///etc/passwd")
    user.find(marker="save-channel").click()
    await until(lambda: "begin it with" in (field(user, "channel-url").error or ""))
    assert await studio.notification_channels.list(actor=ACTOR) == []


async def test_the_address_stays_when_only_the_rule_is_changed(user: User, studio: Studio) -> None:
    channel, _ = await studio.notification_channels.add(
        "hook", ChannelKind.WEBHOOK, DEAD_END, ChannelRule(), actor=ACTOR
    )
    await user.open("/settings")
    await user.should_see("All incidents")
    user.find(marker="change-hook").click()
    await user.should_see(marker="save-channel")
    field(user, "channel-severity", ui.select).set_value("critical")
    field(user, "quiet-on", ui.switch).set_value(True)
    user.find(marker="save-channel").click()
    await user.should_see("Critical incidents; quiet 22:00–07:00 UTC")
    target, _ = await studio.notification_channels.target_of(
        await studio.notification_channels.get(channel.id, actor=ACTOR)
    )
    assert target.url == DEAD_END


async def test_the_status_page_is_switched_on(user: User, studio: Studio, echo: str) -> None:
    await user.open("/settings")
    await user.should_see(marker="save-status-page")
    field(user, "status-page-slug").set_value("Not A Slug")
    field(user, "status-page-on", ui.switch).set_value(True)
    user.find(marker="save-status-page").click()
    await until(lambda: "lower-case" in (field(user, "status-page-slug").error or ""))
    field(user, "status-page-slug").set_value("acme")
    user.find(marker="save-status-page").click()
    await user.should_see(marker="open-status-page")
    assert (await studio.status_pages.settings(actor=ACTOR)).enabled
