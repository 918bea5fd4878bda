"""Adding a channel, or changing its address and rule; a test tells the real cause of a failure before it is stored."""

from nicegui import ui

from nexdeck.models.notification import ChannelKind, ChannelRule, NotificationChannel
from nexdeck.pages.components.keys.once import show_once
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.settings_sections.rule_form import RuleForm
from nexdeck.services.errors import NotDelivered, StudioError
from nexdeck.services.notifications.channels import ChannelChange
from nexdeck.services.studio import Studio

KINDS = {ChannelKind.APPRISE: "Mail, chat or another service", ChannelKind.WEBHOOK: "Signed webhook for programs"}
HINTS = {
    ChannelKind.APPRISE: (
        "An Apprise URL, e.g. mailtos://user:password@smtp.example.com?to=ops@example.com, slack://A/B/C, "
        "workflows://… for Teams. appriseit.com has the form for each service."
    ),
    ChannelKind.WEBHOOK: "An https:// address. It gets a JSON body, signed by the Standard Webhooks specification.",
}
SIGNED = "It signs every notice, so that the receiver can tell it from a forgery. It goes into the receiver's settings."
ONCE = "It will not be shown again. If it gets lost, rotate it."
BOTH = "For a day each notice carries a signature of the old secret too."


def show_secret_once(channel: str, secret: str, *, is_rotated: bool = False) -> None:
    whose = f"signing secret of {channel}"
    title, note = (f"The new {whose}", f"{SIGNED} {BOTH}") if is_rotated else (f"The {whose}", SIGNED)
    show_once(title, note, secret, ONCE)


class ChannelDialog:
    def __init__(self, studio: Studio, channel: NotificationChannel | None) -> None:
        self._studio = studio
        self._channel = channel
        self._modal = Modal(f"Change {channel.name}" if channel else "Add a channel")

    async def open(self) -> None:
        channel = self._channel
        with self._modal.body:
            self._errors = FormErrors()
            if channel is None:
                self._name = text_field("Name", placeholder="on-call", mono=True).mark("channel-name")
                self._errors.belongs("name", self._name)
                self._kind = choice_field("Kind", KINDS, ChannelKind.APPRISE, on_change=lambda _: self._show_hint())
                self._kind.mark("channel-kind")
            self._url = text_field("Address", secret=True, mono=True).mark("channel-url")
            self._url.props["placeholder"] = channel.shown if channel else ""
            self._errors.belongs("url", self._url)
            self._hint = ui.label().classes("small fg3 breaks").style("margin-top: -10px")
            rule = ChannelRule.model_validate(channel.rule) if channel else ChannelRule()
            self._rule = RuleForm(rule, self._errors)
            await self._rule.build(self._studio)
            self._result = ui.element("div").classes("full")
        with self._modal.foot:
            Button("Send a test", self._test, symbol="plug-zap").mark("test-channel")
            ui.element("div").classes("grow")
            self._modal.cancel_button()
            Button("Save" if channel else "Add", self._save, kind="primary").mark("save-channel")
        self._show_hint()
        self._modal.open()

    @property
    def _chosen_kind(self) -> ChannelKind:
        return self._channel.kind if self._channel else self._kind.value

    def _show_hint(self) -> None:
        kept = "Leave it empty to keep the present one. " if self._channel else ""
        self._hint.text = kept + HINTS[self._chosen_kind]

    async def _test(self) -> None:
        self._errors.clear()
        self._result.clear()
        try:
            if self._channel and not self._url.value:
                await self._studio.notification_channels.test(self._channel.id, actor=me())
            else:
                await self._studio.notification_channels.try_out(self._chosen_kind, self._url.value or "", actor=me())
        except NotDelivered as error:
            with self._result:
                banner(error.message, "bad")
        except StudioError as error:
            self._errors.show(error)
        else:
            with self._result:
                banner("It was taken. Look whether it has arrived.", "ok")

    async def _save(self) -> None:
        self._errors.clear()
        self._result.clear()
        secret = None
        try:
            rule = self._rule.read()
            if self._channel is None:
                saved, secret = await self._studio.notification_channels.add(
                    self._name.value or "", self._kind.value, self._url.value or "", rule, actor=me()
                )
            else:
                change = ChannelChange(url=self._url.value or None, rule=rule)
                saved = await self._studio.notification_channels.change(self._channel.id, change, actor=me())
        except StudioError as error:
            self._errors.show(error)
            return
        self._modal.close()
        say(f"{saved.name} is {'changed' if self._channel else 'added'}.")
        if secret is not None:
            show_secret_once(saved.name, secret)
