"""Who is told of incidents, and what became of the last notices."""

from nicegui import ui

from nexdeck.models.notification import ChannelKind, ChannelRule, NotificationChannel
from nexdeck.pages.components.widgets.buttons import Button, icon_button, menu_item
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.icons import tile
from nexdeck.pages.feeds import Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.settings_sections.channel_dialog import ChannelDialog, show_secret_once
from nexdeck.pages.settings_sections.deliveries import Deliveries
from nexdeck.pages.words import CHANNEL_OFF, CHANNEL_ON, rule_words
from nexdeck.services.notifications.channels import ChannelChange
from nexdeck.services.studio import Studio

NOTE = (
    "Mail, chats and other programs are told when something breaks and when it recovers. Addresses are kept encrypted; "
    "what is secret in them is never shown."
)


class NotificationsCard:
    def __init__(self, studio: Studio, feeds: Feeds) -> None:
        self._studio = studio
        self._feeds = feeds

    async def build(self) -> None:
        with ui.element("div").classes("card").mark("notifications"):
            with ui.element("div").classes("card-head"):
                ui.label("Notifications").classes("h2")
                add = Button("Add a channel", self._add, symbol="plus").classes("small")
                add.mark("add-channel")
            ui.label(NOTE).classes("small fg2 breaks").style("padding: 12px 16px 4px")
            with ui.element("div").classes("list channels"):
                self._place = ui.element("div").classes("rows")
            self._deliveries = Deliveries(self._studio)
            watch = self._feeds.notices.watch()
        await self._refresh()
        watch.tell(lambda _: self._refresh())

    async def _refresh(self) -> None:
        channels = await self._studio.notification_channels.list(actor=me())
        self._place.clear()
        with self._place:
            for channel in channels:
                self._row(channel)
            if not channels:
                with ui.element("div").style("grid-column: 1 / -1"):
                    text = "Nobody is told when something breaks. Add a mailbox, a chat or a webhook."
                    empty_state("bell", "No channels", text)
        await self._deliveries.refresh(visible=bool(channels))

    def _row(self, channel: NotificationChannel) -> None:
        with ui.element("div").classes("item").mark(f"channel-{channel.name}"):
            with ui.element("div").classes("line first").style("gap: 12px"):
                tile("code" if channel.kind is ChannelKind.WEBHOOK else "bell")
                with ui.element("div").classes("stack tight").style("gap: 0"):
                    ui.label(channel.name).classes("strong cut")
                    ui.label(channel.shown).classes("mono fg3 cut")
            ui.label(rule_words(ChannelRule.model_validate(channel.rule))).classes("small fg2 breaks")
            with ui.element("div"):
                Chip(CHANNEL_ON if channel.enabled else CHANNEL_OFF)
            with ui.element("div").classes("line end"):
                Button("Send a test", lambda: self._test(channel)).classes("small").mark(f"test-{channel.name}")
                with (
                    icon_button("ellipsis", f"Actions for {channel.name}", lambda: menu.open()).classes("small"),
                    ui.menu().props('no-parent-event anchor="bottom right" self="top right"') as menu,
                ):
                    menu_item("pencil", "Change", lambda: self._change(channel)).mark(f"change-{channel.name}")
                    if channel.kind is ChannelKind.WEBHOOK:
                        item = menu_item("key-round", "Rotate the secret", lambda: self._ask_rotate(channel))
                        item.mark(f"rotate-{channel.name}")
                    word, symbol = ("Switch off", "circle-stop") if channel.enabled else ("Switch on", "play")
                    menu_item(symbol, word, lambda: self._switch(channel))
                    ui.separator()
                    menu_item("trash", "Remove", lambda: self._ask_remove(channel), danger=True)

    async def _add(self) -> None:
        await ChannelDialog(self._studio, None).open()

    async def _change(self, channel: NotificationChannel) -> None:
        await ChannelDialog(self._studio, channel).open()

    async def _test(self, channel: NotificationChannel) -> None:
        await self._studio.notification_channels.test(channel.id, actor=me())
        say(f"{channel.name} took the test.")

    async def _switch(self, channel: NotificationChannel) -> None:
        change = ChannelChange(enabled=not channel.enabled)
        changed = await self._studio.notification_channels.change(channel.id, change, actor=me())
        say(f"{channel.name} is switched {'on' if changed.enabled else 'off'}.")

    def _ask_rotate(self, channel: NotificationChannel) -> None:
        async def rotate() -> None:
            rotated, secret = await self._studio.notification_channels.rotate_secret(channel.id, actor=me())
            show_secret_once(rotated.name, secret, is_rotated=True)

        confirm(
            f"Rotate the secret of {channel.name}?",
            "A new one is made and shown once. For a day each notice carries a signature of the old one too, so that "
            "the receiver can be changed over without losing any.",
            action="Rotate",
            do=rotate,
            danger=False,
        )

    def _ask_remove(self, channel: NotificationChannel) -> None:
        async def remove() -> None:
            await self._studio.notification_channels.remove(channel.id, actor=me())
            say(f"{channel.name} is removed.")

        text = "Nobody is told through it any more. What waits for it is not sent, and its last notices are forgotten."
        confirm(f"Remove the channel {channel.name}?", text, action="Remove", do=remove)
