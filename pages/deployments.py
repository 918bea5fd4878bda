"""The list of deployments: 25 a page from the server, filtered and sorted by what the address says, live."""

from nicegui import ui

from nexdeck.models.deployment import DeploymentStatus, HealthState
from nexdeck.pages.components.deploy import open_deploy_dialog, open_redeploy_dialog
from nexdeck.pages.components.deployments.lifecycle import Lifecycle
from nexdeck.pages.components.deployments.row import COLUMNS, DeploymentRow
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import search_field
from nexdeck.pages.components.widgets.filters import FilterMenu, Pager, Segments, SortHeader, cursor_of
from nexdeck.pages.feeds import DeploymentNews, Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, page_head
from nexdeck.pages.words import HEALTH
from nexdeck.services.deployments.views import SORTS, DeploymentCounts, DeploymentQuery, DeploymentSummary
from nexdeck.services.platform.paging import Page
from nexdeck.services.studio import Studio

PAGE_SIZE = 25
DEFAULT_SORT = "-updated_at"
SEGMENTS = (
    ("", "All", "total"),
    ("running", "Running", "running"),
    ("deploying", "In progress", "busy"),
    ("failed", "Failed", "failed"),
    ("stopped", "Stopped", "stopped"),
)


async def deployments_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title("Deployments")
    listing = DeploymentList(studio, frame)
    watch = feeds.deployments.watch()
    await listing.build()
    watch.tell(listing.take_news)


class DeploymentList:
    def __init__(self, studio: Studio, frame: Frame) -> None:
        self._studio = studio
        self._address = frame.own_address(self.refresh)
        self._lifecycle = Lifecycle(studio, lambda deployment_id: open_redeploy_dialog(studio, deployment_id))
        self._rows: dict[str, DeploymentRow] = {}
        self._total = 0

    async def build(self) -> None:
        with page_head("Deployments", "Agents on gateways, and how they are."):
            deploy = Button("Deploy agent", lambda: open_deploy_dialog(self._studio), kind="primary", symbol="plus")
            deploy.props('data-key="n d"')
        with ui.element("div").classes("toolbar"):
            self._segments = Segments([(key, text) for key, text, _ in SEGMENTS], lambda key: self._filter(status=key))
            self._search = search_field("Search name or agent", self._address["q"], self._typed)
            self._menus = {
                "gateway": FilterMenu("Gateway", "server", lambda key: self._filter(gateway=key)),
                "agent": FilterMenu("Agent", "bot", lambda key: self._filter(agent=key)),
                "health": FilterMenu("Health", "activity", lambda key: self._filter(health=key)),
            }
        await self._fill_menus()
        with ui.element("div").classes("card"), ui.element("div").classes("list deployments"):
            self._head = SortHeader(COLUMNS, lambda key: self._filter(sort=key if key != DEFAULT_SORT else ""))
            self._place = ui.element("div").classes("rows")
        self._pager = Pager(lambda cursor: self._filter(page=cursor))
        await self.refresh()

    async def _fill_menus(self) -> None:
        gateways = await self._studio.gateways.list(actor=me())
        agents = await self._studio.agents.list(limit=100, actor=me())
        self._menus["gateway"].offer({s.gateway.name: s.gateway.name for s in gateways})
        self._menus["agent"].offer({s.agent.name: s.agent.name for s in agents.items})
        self._menus["health"].offer({state: look.text for state, look in HEALTH.items()})

    async def _typed(self, event) -> None:
        await self._filter(q=event.value or "", replace=True)

    async def _filter(self, *, replace: bool = False, **changes: str) -> None:
        """Every filter but the page itself begins again at the first page."""
        self._address.go(replace=replace, **({"page": ""} | changes))
        await self.refresh()

    async def refresh(self) -> None:
        """Show what the address asks for."""
        page = await self._studio.deployments.list(self._query(), actor=me())
        if page.offset and not page.items:  # beyond the end, as when the last one of a page is gone
            self._address.go(replace=True, page="")
            page = await self._studio.deployments.list(self._query(), actor=me())
        counts = await self._studio.deployments.counts(actor=me())
        self._show_controls(counts)
        self._show_rows(page, counts)

    def _sort(self) -> str:
        sort = self._address["sort"]
        return sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT

    def _query(self) -> DeploymentQuery:
        address = self._address
        return DeploymentQuery(
            q=address["q"],
            status=_known(DeploymentStatus, address["status"]),
            health=_known(HealthState, address["health"]),
            gateway=address["gateway"] or None,
            agent=address["agent"] or None,
            sort=self._sort(),
            limit=PAGE_SIZE,
            cursor=cursor_of(address["page"], PAGE_SIZE),
        )

    def _show_controls(self, counts: DeploymentCounts) -> None:
        self._total = counts.total
        self._segments.show(self._address["status"], {key: getattr(counts, field) for key, _, field in SEGMENTS})
        for name, menu in self._menus.items():
            menu.show(self._address[name])
        self._head.show(self._sort())
        if (self._search.value or "") != self._address["q"]:
            self._search.set_value(self._address["q"])

    def _show_rows(self, page: Page[DeploymentSummary], counts: DeploymentCounts) -> None:
        self._place.clear()
        self._rows.clear()
        with self._place:
            for summary in page.items:
                self._rows[summary.deployment.id] = DeploymentRow(summary, self._lifecycle)
            if not page.items:
                self._show_nothing(counts)
        self._pager.show(page)

    def _show_nothing(self, counts: DeploymentCounts) -> None:
        with ui.element("div").style("grid-column: 1 / -1"):
            if counts.total == 0:
                text = "Choose an agent and press Deploy: it is live once REST, command line and MCP have answered."
                with empty_state("rocket", "Nothing is deployed yet", text):
                    Button("Deploy agent", lambda: open_deploy_dialog(self._studio), kind="primary", symbol="plus")
            else:
                with empty_state("search", "Nothing matches", "No deployment fits the search and the filters."):
                    clear = {"q": "", "status": "", "gateway": "", "agent": "", "health": ""}
                    Button("Clear search and filters", lambda: self._filter(**clear))

    async def take_news(self, news: DeploymentNews) -> None:
        """Visible rows change in place; the order stays until the next look: nothing jumps under the pointer."""
        gone = [id_ for id_, now in news.changed.items() if now is None or now.deployment.undeployed_at]
        if news.counts.total != self._total or any(id_ in self._rows for id_ in gone):
            await self.refresh()
            return
        for id_, summary in news.changed.items():
            if summary is not None and id_ in self._rows:
                self._rows[id_].show(summary)
        self._show_controls(news.counts)


def _known(states: type, value: str):
    return states(value) if value in set(states) else None
