"""How everything is: open incidents on top, then gateways and deployments, worst first, each with its reason."""

from nicegui import ui

from nexdeck.models.base import now
from nexdeck.models.deployment import HealthState
from nexdeck.pages.components.health.charts import HealthCharts
from nexdeck.pages.components.health.incident_row import incident_rows, incidents_key
from nexdeck.pages.components.health.maintenance_dialog import open_maintenance_dialog
from nexdeck.pages.components.health.pausing import open_pause_dialog, resume_checks
from nexdeck.pages.components.health.row import MAINTENANCE, HealthRow
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import search_field
from nexdeck.pages.components.widgets.filters import FilterMenu, Pager, Segments, cursor_of
from nexdeck.pages.components.widgets.moment import Between, Moment
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.feeds import Feeds, HealthNews, read_health
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, page_head
from nexdeck.pages.notices import say
from nexdeck.pages.words import count_of
from nexdeck.services.health.maintenance import Planned
from nexdeck.services.health.uptime import RANGES
from nexdeck.services.health.views import BoardQuery, BoardRow
from nexdeck.services.platform.paging import Page
from nexdeck.services.studio import Studio

PAGE_SIZE = 25
LOOK_AGAIN = 60.0  # seconds; the bars move on without being news
SEGMENTS = (
    ("", "All"),
    (HealthState.UNHEALTHY, "Unhealthy"),
    (HealthState.DEGRADED, "Degraded"),
    (HealthState.UNKNOWN, "Not known"),
    (HealthState.HEALTHY, "Healthy"),
)
RANGE_WORDS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}


async def health_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title("Health")
    board = HealthBoard(studio, frame)
    watch = feeds.health.watch()
    await board.build()
    watch.tell(board.take_news)
    ui.timer(LOOK_AGAIN, board.refresh, immediate=False)


class HealthBoard:
    def __init__(self, studio: Studio, frame: Frame) -> None:
        self._studio = studio
        self._address = frame.own_address(self._follow_address)
        self._rows: dict[str, HealthRow] = {}
        self._total = 0

    async def build(self) -> None:
        with page_head("Health", "How gateways and deployments are, worst first, and why."):
            Button("Plan maintenance", lambda: open_maintenance_dialog(self._studio), symbol="clock")
            Button("Check everything now", self._check_all, symbol="refresh-cw").mark("check-all")
        self._planned = Section(self._show_planned, _planned_key)
        self._incidents = Section(self._show_incidents, lambda page: (page.total, incidents_key(page.items)))
        with ui.element("div").classes("toolbar").style("margin-top: 16px"):
            self._segments = Segments(SEGMENTS, lambda key: self._filter(state=key))
            self._search = search_field("Search name", self._address["q"], self._typed)
            self._menus = {
                "kind": FilterMenu("Kind", "server", lambda key: self._filter(kind=key)),
                "gateway": FilterMenu("Gateway", "server", lambda key: self._filter(gateway=key)),
                "range": FilterMenu("Range", "clock", lambda key: self._filter(range=key)),
            }
        self._menus["kind"].offer({"gateway": "gateways", "deployment": "deployments"})
        self._menus["range"].offer(RANGE_WORDS)
        summaries = await self._studio.gateways.list(actor=me())
        self._menus["gateway"].offer({s.gateway.id: s.gateway.name for s in summaries})
        with ui.element("div").classes("card"), ui.element("div").classes("list health-board"):
            with ui.element("div").classes("head"):
                for text in ("Gateway or deployment", "Health", "Why"):
                    ui.label(text)
                self._range = ui.label()
            self._place = ui.element("div").classes("rows")
        self._pager = Pager(lambda page: self._filter(page=page))
        self._charts = HealthCharts(self._studio, self._address)
        await self.refresh()

    async def _typed(self, event) -> None:
        await self._filter(q=event.value or "", replace=True)

    async def _filter(self, *, replace: bool = False, **changes: str) -> None:
        self._address.go(replace=replace, **({"page": ""} | changes))
        await self.refresh()

    async def _follow_address(self) -> None:
        await self.refresh()
        await self._charts.load()

    async def refresh(self) -> None:
        """Show what the address asks for."""
        query = self._query()
        page = await self._studio.health_views.board(query, actor=me())
        news = await read_health(self._studio, set())
        self._range.text = f"Uptime, {RANGE_WORDS[query.range]}"
        for name, menu in self._menus.items():
            menu.show(self._address[name])
        if (self._search.value or "") != self._address["q"]:
            self._search.set_value(self._address["q"])
        self._show_rows(page)
        self._show_news(news)

    def _query(self) -> BoardQuery:
        address = self._address
        return BoardQuery(
            q=address["q"],
            state=HealthState(address["state"]) if address["state"] in set(HealthState) else None,
            kind=address["kind"] if address["kind"] in ("gateway", "deployment") else None,
            gateway=address["gateway"] or None,
            range=address["range"] if address["range"] in RANGES else "24h",
            limit=PAGE_SIZE,
            cursor=cursor_of(address["page"], PAGE_SIZE),
        )

    def _show_rows(self, page: Page[BoardRow]) -> None:
        if [row.id for row in page.items] == list(self._rows) and page.items:
            for row in page.items:
                self._rows[row.id].show(row)
        else:
            self._place.clear()
            with self._place:
                self._rows = {row.id: HealthRow(row, self._act) for row in page.items}
                if not page.items:
                    with ui.element("div").style("grid-column: 1 / -1"):
                        empty_state("activity", "Nothing here", "No gateway or deployment fits the search and filters.")
        self._pager.show(page)

    async def take_news(self, news: HealthNews) -> None:
        """Rows that are shown change in place; nothing moves under the pointer, unless something came or went."""
        if sum(news.counts.values()) != self._total:
            await self.refresh()
            return
        for id_, row in news.rows.items():
            if id_ in self._rows:
                self._rows[id_].show(row)
        self._show_news(news)

    def _show_news(self, news: HealthNews) -> None:
        self._total = sum(news.counts.values())
        counts = {"": self._total, **{state: n for state, n in news.counts.items() if n}}
        self._segments.show(self._address["state"], counts)
        self._incidents.show(news.incidents)
        self._planned.show(news.planned)

    def _show_incidents(self, page: Page) -> None:
        with ui.element("div").classes("card").mark("incidents"):
            with ui.element("div").classes("card-head"):
                title = count_of(page.total, "open incident") if page.total else "No open incidents"
                ui.label(title).classes("h2")
                ui.link("All incidents", "/incidents").classes("small")
            incident_rows(page.items, self._acknowledge)
            if (more := page.total - len(page.items)) > 0:
                with ui.element("div").classes("item line small").style("min-height: 40px"):
                    ui.link(f"{more} more", "/incidents?status=open")

    def _show_planned(self, some: list[Planned]) -> None:
        for planned in some:
            window, under_way = planned.window, planned.is_under_way(now())
            with ui.element("div").classes("card line between planned"):
                with ui.element("div").classes("line top"):
                    Chip(MAINTENANCE)
                    with ui.element("div").classes("stack tight"):
                        when = "is under way" if under_way else "is planned"
                        ui.label(f"{planned.scope}: maintenance {when}").classes("strong breaks")
                        ui.label(window.reason).classes("small fg2 breaks")
                        with ui.element("div").classes("line words tiny fg3"):
                            ui.label("ends" if under_way else "begins")
                            Moment(window.ends_at if under_way else window.starts_at)
                        Between(window.starts_at, window.ends_at).classes("tiny fg3")
                Button("End it now" if under_way else "Drop it", lambda id_=window.id: self._end(id_))

    async def _acknowledge(self, incident_id: str) -> None:
        await self._studio.incidents.acknowledge(incident_id, actor=me())

    async def _end(self, window_id: str) -> None:
        await self._studio.maintenance.end(window_id, actor=me())

    async def _check_all(self) -> None:
        await self._studio.reconciler.sweep()
        await self.refresh()
        say("Every gateway was asked.")

    async def _act(self, what: str, row: BoardRow) -> None:
        if what == "maintenance":
            open_maintenance_dialog(self._studio, row)
        elif what == "charts":
            await self._charts.choose(row.id)
            self._charts.reveal()
        elif what == "pause":
            open_pause_dialog(self._studio, row)
        elif what == "resume":
            await resume_checks(self._studio, row)
        else:
            await self._studio.reconciler.check(row.gateway_id or row.id, actor=me())
            say(f"{row.name} was looked at.")


def _planned_key(some: list[Planned]) -> list:
    return [(planned.window.model_dump(), planned.is_under_way(now())) for planned in some]
