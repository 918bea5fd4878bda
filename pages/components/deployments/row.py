"""One deployment in a list; what changes is set in place."""

from nicegui import ui

from nexdeck.pages.components.deployments.lifecycle import Lifecycle, lifecycle_menu
from nexdeck.pages.components.widgets.buttons import icon_button, menu_item
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.icons import agent_tile, icon
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.notices import say
from nexdeck.pages.words import health_style, milliseconds, status_style
from nexdeck.services.deployments.views import DeploymentSummary

COLUMNS = (
    ("name", "Deployment", ""),
    ("status", "Status", ""),
    ("health", "Health", ""),
    ("gateway", "Gateway", "on-wide"),
    ("requests", "Calls", "right on-wide"),
    ("", "Average", "right on-wide"),
    ("updated_at", "Changed", "right"),
    ("", "", ""),
)


class DeploymentRow:
    def __init__(self, summary: DeploymentSummary, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        deployment = summary.deployment
        with ui.element("div").classes("item").mark(f"row-{deployment.name}") as self.element:
            with ui.element("div").classes("line first").style("gap: 12px"):
                agent_tile(summary.kind, summary.agent_name)
                with ui.element("div").classes("stack tight").style("gap: 0"):
                    ui.link(deployment.name, f"/deployments/{deployment.id}").classes("row-link cut")
                    self._source = ui.label().classes("mono fg3 cut")
            with ui.element("div"):
                self._status = Chip(status_style(deployment, None))
            with ui.element("div"):
                self._health = Chip(health_style(deployment))
            with ui.element("div").classes("line on-wide fg2"):
                icon("server", "fg3")
                ui.label(summary.gateway_name).classes("mono cut")
            self._calls = ui.label().classes("num fg2 right on-wide")
            self._average = ui.label().classes("num fg2 right on-wide")
            self._changed = Moment(deployment.updated_at).classes("fg3 small right")
            with ui.element("div").classes("menu"):
                icon_button("ellipsis", f"Actions for {deployment.name}", self._fill_menu).classes("small")
                self._menu = ui.menu().props('anchor="bottom right" self="top right" no-parent-event')
        self.show(summary)

    def show(self, summary: DeploymentSummary) -> None:
        self.summary = summary
        deployment = summary.deployment
        self._source.text = f"{summary.agent_name} {deployment.version}"
        self._status.show(status_style(deployment, summary.operation), deployment.error_message)
        self._health.show(health_style(deployment), deployment.health_reason)
        self._calls.text = f"{deployment.request_count:,}" if deployment.request_count else "–"
        self._average.text = milliseconds(deployment.avg_latency_ms)
        self._changed.show(deployment.updated_at)

    def _fill_menu(self) -> None:
        """Made when it is opened: 25 menus that nobody opens would be most of the page."""
        deployment = self.summary.deployment
        self._menu.clear()
        with self._menu:
            menu_item("arrow-up-right", "Open", lambda: ui.navigate.to(f"/deployments/{deployment.id}"))
            menu_item("copy", "Copy endpoint", self._copy_endpoint)
            ui.separator()
            lifecycle_menu(self._lifecycle, self.summary)
        self._menu.open()

    def _copy_endpoint(self) -> None:
        ui.clipboard.write(self.summary.deployment.api_endpoint)
        say("The REST endpoint is copied.")
