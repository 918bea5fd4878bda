"""One deployment: what is happening to it, how to call it, what it runs, and how it came to be so."""

from nicegui import ui

from nexdeck.pages.components.deploy import open_redeploy_dialog
from nexdeck.pages.components.deployments.lifecycle import Lifecycle, lifecycle_buttons, possible
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.icons import agent_tile, icon
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.deployment_tabs.api_docs import ApiDocsTab
from nexdeck.pages.deployment_tabs.artifact import ArtifactTab
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.deployment_tabs.health import HealthTab
from nexdeck.pages.deployment_tabs.logs import LogsTab
from nexdeck.pages.deployment_tabs.metrics import MetricsTab
from nexdeck.pages.deployment_tabs.overview import OverviewTab
from nexdeck.pages.deployment_tabs.requests import RequestsTab
from nexdeck.pages.deployment_tabs.revisions import RevisionsTab
from nexdeck.pages.deployment_tabs.settings import SettingsTab
from nexdeck.pages.deployment_tabs.try_it import TryTab
from nexdeck.pages.feeds import DeploymentNews, Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, cannot_show
from nexdeck.pages.words import NO_HEALTH, health_style, status_style
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.errors import NotFound
from nexdeck.services.studio import Studio

TABS = {
    "": ("Overview", OverviewTab),
    "logs": ("Logs", LogsTab),
    "requests": ("Requests", RequestsTab),
    "metrics": ("Metrics", MetricsTab),
    "try": ("Try it", TryTab),
    "docs": ("API docs", ApiDocsTab),
    "artifact": ("Artifact", ArtifactTab),
} | {
    "health": ("Health", HealthTab),
    "revisions": ("Revisions", RevisionsTab),
    "settings": ("Settings", SettingsTab),
}
# On a phone the tab that is open may be beyond the edge of the strip.
SHOW_LINK = "getHtmlElement({id})?.scrollIntoView({{block: 'nearest', inline: 'center'}})"
LOOK_AGAIN = 15.0  # seconds; the time of the last check moves on without being news


async def deployment_page(studio: Studio, feeds: Feeds, frame: Frame, deployment_id: str) -> None:
    watch = feeds.deployments.watch()
    try:
        detail = await studio.deployments.overview(deployment_id, actor=me())
    except NotFound as error:
        frame.title(("Deployments", "/deployments"), "Not found")
        cannot_show("There is no such deployment", error.message, back="All deployments", url="/deployments")
        return
    page = DeploymentPage(studio, feeds, frame, detail)
    page.show(detail)
    watch.tell(page.take_news)
    ui.timer(LOOK_AGAIN, page.refresh, immediate=False)


class DeploymentPage:
    def __init__(self, studio: Studio, feeds: Feeds, frame: Frame, detail: DeploymentDetail) -> None:
        self._studio = studio
        self._detail = detail
        deployment = detail.summary.deployment
        self._id = deployment.id
        frame.title(("Deployments", "/deployments"), deployment.name)
        self._address = frame.own_address(self._open_tab)
        lifecycle = Lifecycle(studio, lambda id_: open_redeploy_dialog(studio, id_))
        self._context = TabContext(studio, feeds, lifecycle, self._address)
        self._build_head(detail)
        with ui.element("nav").classes("tabs").props('aria-label="Parts of this deployment"'):
            self._links = {
                key: ui.link(text, f"{self._address.path}?tab={key}" if key else self._address.path)
                for key, (text, _) in TABS.items()
            }
        self._place = ui.element("div").classes("full")
        self._open_tab()

    def _build_head(self, detail: DeploymentDetail) -> None:
        deployment, summary = detail.summary.deployment, detail.summary
        with ui.element("div").classes("page-head"):
            agent_tile(summary.kind, summary.agent_name, "large")
            with ui.element("div").classes("stack tight"):
                with ui.element("div").classes("line wrap"):
                    ui.label(deployment.name).classes("h1").props("role=heading aria-level=1")
                    self._status = Chip(status_style(deployment, None)).mark("status")
                    self._health = Chip(health_style(deployment))
                with ui.element("div").classes("line wrap small fg2"):
                    ui.link(summary.agent_name, f"/agents/{summary.agent_name}")
                    self._version = ui.label().classes("mono")
                    icon("server", "fg3")
                    ui.label(summary.gateway_name).classes("mono")
            self._buttons = Section(
                lambda d: lifecycle_buttons(self._context.lifecycle, d.summary),
                lambda d: possible(d.summary),
                classes="line wrap",
            )

    def _open_tab(self) -> None:
        key = self._address["tab"] if self._address["tab"] in TABS else ""
        for name, link in self._links.items():
            link.classes(add="on" if name == key else None, remove=None if name == key else "on")
            link.props["aria-current"] = "page" if name == key else None
        ui.run_javascript(SHOW_LINK.format(id=self._links[key].id))
        self._place.clear()
        with self._place:
            self._tab = TABS[key][1](self._context, self._detail)
        self._tab.show(self._detail)

    def show(self, detail: DeploymentDetail) -> None:
        self._detail = detail
        deployment, summary = detail.summary.deployment, detail.summary
        self._status.show(status_style(deployment, summary.operation), deployment.error_message)
        self._health.show(health_style(deployment), deployment.health_reason)
        self._health.set_visibility(health_style(deployment) is not NO_HEALTH)
        self._version.text = deployment.version
        self._buttons.show(detail)
        self._tab.show(detail)

    async def take_news(self, news: DeploymentNews) -> None:
        if self._id in news.changed:
            await self.refresh()

    async def refresh(self) -> None:
        self.show(await self._studio.deployments.overview(self._id, actor=me()))
