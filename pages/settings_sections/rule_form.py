"""What a channel is told, and when."""

from zoneinfo import available_timezones

from nicegui import ui

from nexdeck.models.health import Severity
from nexdeck.models.notification import ChannelRule, NoticeChoice
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, field, fold, text_field
from nexdeck.pages.components.widgets.icons import icon_source
from nexdeck.pages.identity import me
from nexdeck.pages.words import NOTICE_CHOICE, SEVERITY_CHOICE
from nexdeck.services.deployments.views import DeploymentQuery
from nexdeck.services.errors import Fault, InvalidInput
from nexdeck.services.notifications.channels import read_rule
from nexdeck.services.platform.paging import MAX_LIMIT
from nexdeck.services.studio import Studio

NIGHT = ("22:00", "07:00", "UTC")


class RuleForm:
    """``read`` gives the rule, or raises InvalidInput."""

    def __init__(self, rule: ChannelRule, errors: FormErrors) -> None:
        self._rule = rule
        self._errors = errors

    async def build(self, studio: Studio) -> None:
        rule = self._rule
        self._severity = choice_field("Told of", SEVERITY_CHOICE, rule.minimum_severity).mark("channel-severity")
        with field("When it", group=True), ui.element("div").classes("options-line"):
            self._events = {
                event: ui.checkbox(text, value=event in rule.events).props("dense=false").mark(f"event-{event}")
                for event, text in NOTICE_CHOICE.items()
            }
        with ui.element("div").classes("folds"):
            with fold("Only some gateways or deployments", len(rule.gateways) + len(rule.deployments)):
                await self._build_scope(studio)
            quiet = rule.quiet_hours
            with fold(f"Quiet hours, {quiet.start} to {quiet.end}" if quiet else "Quiet hours").mark("quiet-hours"):
                self._build_quiet()

    async def _build_scope(self, studio: Studio) -> None:
        gateways = {s.gateway.id: s.gateway.name for s in await studio.gateways.list(actor=me())}
        page = await studio.deployments.list(DeploymentQuery(sort="name", limit=MAX_LIMIT), actor=me())
        deployments = {s.deployment.id: f"{s.deployment.name} on {s.gateway_name}" for s in page.items}
        self._gateways = _several("Gateways", gateways, self._rule.gateways).mark("channel-gateways")
        self._deployments = _several("Deployments", deployments, self._rule.deployments).mark("channel-deployments")
        hint = "Where none is chosen, the channel is told of all. An incident of a gateway counts for what is on it."
        ui.label(hint).classes("small fg3 breaks")

    def _build_quiet(self) -> None:
        hours = self._rule.quiet_hours
        start, end, zone = (hours.start, hours.end, hours.time_zone) if hours else NIGHT
        self._quiet = ui.switch("Hold back what is not critical", value=hours is not None).mark("quiet-on")
        with ui.element("div").classes("fields"):
            self._start = text_field("From", start, placeholder="22:00")
            self._end = text_field("To", end, placeholder="07:00")
            zones = {name: name for name in sorted(available_timezones())}
            self._zone = choice_field("Time zone", zones, zone, searchable=True)
        ui.label("It comes as one message at their end. What is critical always comes at once.").classes(
            "small fg3 breaks"
        )
        for path, entry in (("start", self._start), ("end", self._end), ("time_zone", self._zone)):
            self._errors.belongs(f"rule.quiet_hours.{path}", entry)

    def read(self) -> ChannelRule:
        events = [event for event in NoticeChoice if self._events[event].value]
        if not events:
            message = "choose at least one, or switch the channel off"
            raise InvalidInput("A channel must be told of something.", errors=[Fault("rule.events", message)])
        hours = {"start": self._start.value or "", "end": self._end.value or "", "time_zone": self._zone.value or ""}
        return read_rule(
            {
                "minimum_severity": Severity(self._severity.value),
                "events": events,
                "gateways": self._gateways.value,
                "deployments": self._deployments.value,
                "quiet_hours": hours if self._quiet.value else None,
            }
        )


def _several(label: str, options: dict[str, str], chosen: list[str]) -> ui.select:
    """A choice of any number; what was chosen and is gone meanwhile is left out."""
    with field(label):
        entry = ui.select(options, value=[each for each in chosen if each in options], multiple=True, with_input=True)
    entry.props("outlined dense options-dense hide-bottom-space use-chips").classes("full several")
    entry.props["aria-label"] = label
    entry.props["dropdown-icon"] = icon_source("chevron-down")
    return entry
