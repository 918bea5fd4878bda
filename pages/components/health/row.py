"""A gateway or a deployment on the board of health; changes in place."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nicegui import ui

from nexdeck.models.percents import percent_words
from nexdeck.pages.components.health.pausing import checks_item
from nexdeck.pages.components.health.uptime_bars import UptimeBars
from nexdeck.pages.components.widgets.buttons import icon_button, menu_item
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.words import FLAPPING, HEALTH, PAUSED, StatusStyle
from nexdeck.services.health.views import BoardRow

MAINTENANCE = StatusStyle("Maintenance", "info")
Act = Callable[[str, BoardRow], Awaitable[None] | None]


class HealthRow:
    """``act(what, row)`` with check, charts, pause, resume or maintenance, as chosen in the row's menu."""

    def __init__(self, row: BoardRow, act: Act) -> None:
        self._act = act
        self._row = row
        with ui.element("div").classes("item").mark(f"health-{row.id}"):
            with ui.element("div").classes("stack tight first").style("gap: 0"):
                ui.link(row.name, _url(row)).classes("row-link cut")
                ui.label("gateway" if row.is_gateway else f"on {row.gateway_name}").classes("tiny fg3 cut")
            with ui.element("div").classes("line wrap"):
                self._state = Chip(HEALTH[row.state])
                self._flapping = Chip(FLAPPING, "It comes and goes: one incident stays open until it settles.")
                self._maintenance = Chip(MAINTENANCE, "Planned work: it opens no incident and counts as no downtime.")
            with ui.element("div").classes("stack tight why").style("gap: 2px"):
                self._reason = ui.label().classes("small fg2 breaks")
                with ui.element("div").classes("tiny fg3 line words"):
                    self._since_words = ui.label("since")
                    self._since = Moment(row.since or row.checked_at) if row.since or row.checked_at else None
            with ui.element("div").classes("stack tight uptime"):
                self._bars = UptimeBars(row.uptime)
                self._percent = ui.label().classes("tiny fg3 num")
            with ui.element("div").classes("menu"):
                self._more = icon_button("ellipsis", f"Actions on {row.name}", self._open)
                self._more.mark(f"menu-{row.id}")
                with self._more:
                    self._menu = ui.menu().props('no-parent-event anchor="bottom right" self="top right"')
        self.show(row)

    def show(self, row: BoardRow) -> None:
        """News of a change come without the uptime; the bars stay as they are then."""
        if not row.uptime.slots:
            row = replace(row, uptime=self._row.uptime)
        self._row = row
        self._state.show(PAUSED if row.paused_at else HEALTH[row.state], row.reason)
        self._flapping.set_visibility(row.flapping)
        self._maintenance.set_visibility(row.in_maintenance)
        self._reason.text = row.reason
        self._since_words.set_visibility(row.since is not None)
        if self._since is not None and row.since is not None:
            self._since.show(row.since)
        self._bars.show(row.uptime)
        self._percent.text = f"{percent_words(row.uptime.percent)} up"

    def _open(self) -> None:
        self._menu.clear()
        is_paused = self._row.paused_at is not None
        with self._menu:
            menu_item("refresh-cw", "Check now", lambda: self._act("check", self._row))
            menu_item("activity", "Show its traffic", lambda: self._act("charts", self._row))
            checks_item(is_paused, lambda: self._act("pause", self._row), lambda: self._act("resume", self._row))
            menu_item("clock", "Plan maintenance …", lambda: self._act("maintenance", self._row))
        self._menu.open()


def _url(row: BoardRow) -> str:
    return gateway_health_url(row.id) if row.is_gateway else f"/deployments/{row.id}?tab=health"


def gateway_health_url(gateway_id: str) -> str:
    """The board with the gateway and what is on it, and the charts of its traffic."""
    return f"/health?gateway={gateway_id}&of={gateway_id}"
