"""The catalog: agents by name, and the way to create one."""

from nicegui import ui

from nexdeck.models.manifest import AgentKind
from nexdeck.pages.components.agents.dialog import open_agent_dialog
from nexdeck.pages.components.deploy import open_deploy_dialog
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import kind_tag
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import search_field
from nexdeck.pages.components.widgets.filters import Pager, Segments, cursor_of
from nexdeck.pages.components.widgets.icons import agent_tile
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.feeds import Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, page_head
from nexdeck.pages.notices import say
from nexdeck.pages.words import KINDS, count_of
from nexdeck.services.catalog.service import AgentSummary
from nexdeck.services.platform.paging import Page
from nexdeck.services.studio import Studio

PAGE_SIZE = 25
HEADS = (
    ("Agent", ""),
    ("Kind", ""),
    ("Newest", "on-wide"),
    ("Versions", "right on-wide"),
    ("Deployments", "right"),
    ("", ""),
)


async def agents_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title("Agents")
    catalog = AgentList(studio, frame)
    watch = feeds.agents.watch()
    await catalog.build()
    watch.tell(catalog.refresh)


class AgentList:
    def __init__(self, studio: Studio, frame: Frame) -> None:
        self._studio = studio
        self._address = frame.own_address(self.refresh)

    async def build(self) -> None:
        with page_head("Agents", "What can be deployed. Every version stays exactly as it was added."):
            self._import = Button("Import the samples", self._import_samples, symbol="download")
            create = Button("New agent", self._create, kind="primary", symbol="plus").mark("new-agent")
            create.props('data-key="n"')
        with ui.element("div").classes("toolbar"):
            kinds = [("", "All"), *((kind.value, text) for kind, text in KINDS.items())]
            self._segments = Segments(kinds, lambda kind: self._filter(kind=kind))
            self._search = search_field("Search name or description", self._address["q"], self._typed)
        with ui.element("div").classes("card"), ui.element("div").classes("list agents"):
            with ui.element("div").classes("head"):
                for text, classes in HEADS:
                    ui.label(text).classes(classes)
            self._place = ui.element("div").classes("rows")
        self._pager = Pager(lambda page: self._filter(page=page))
        await self.refresh()
        if self._address["new"]:
            await self._create()

    async def _create(self) -> None:
        await open_agent_dialog(self._studio)

    async def _import_samples(self) -> None:
        added = await self._studio.agents.import_samples(actor=me())
        say(f"{count_of(len(added), 'sample agent')} imported." if added else "All samples are in the catalog already.")

    async def _typed(self, event) -> None:
        await self._filter(q=event.value or "", replace=True)

    async def _filter(self, *, replace: bool = False, **changes: str) -> None:
        self._address.go(replace=replace, **({"page": ""} | changes))
        await self.refresh()

    async def refresh(self, _: object = None) -> None:
        q, kind, page = self._address["q"], self._address["kind"], self._address["page"]
        wanted = AgentKind(kind) if kind in set(AgentKind) else None
        cursor = cursor_of(page, PAGE_SIZE)
        found = await self._studio.agents.list(q=q, kind=wanted, limit=PAGE_SIZE, cursor=cursor, actor=me())
        counts = {
            key: (await self._studio.agents.list(kind=key, limit=1, actor=me())).total for key in (None, *AgentKind)
        }
        self._segments.show(kind, {key or "": number for key, number in counts.items()})
        self._import.set_visibility(counts[None] == 0)
        if (self._search.value or "") != q:
            self._search.set_value(q)
        self._show(found, nothing_at_all=counts[None] == 0)

    def _show(self, page: Page[AgentSummary], *, nothing_at_all: bool) -> None:
        self._place.clear()
        with self._place:
            for summary in page.items:
                self._row(summary)
            if not page.items:
                with ui.element("div").style("grid-column: 1 / -1"):
                    self._show_nothing(nothing_at_all)
        self._pager.show(page)

    def _show_nothing(self, nothing_at_all: bool) -> None:
        if nothing_at_all:
            text = "Write one in YAML or Python, upload a file, or import the samples to look around."
            with empty_state("bot", "The catalog is empty", text):
                Button("Import the samples", self._import_samples, symbol="download")
                Button("New agent", self._create, kind="primary", symbol="plus")
        else:
            with empty_state("search", "Nothing matches", "No agent fits the search and the filter."):
                Button("Clear search and filter", lambda: self._filter(q="", kind=""))

    def _row(self, summary: AgentSummary) -> None:
        agent, latest = summary.agent, summary.latest
        with ui.element("div").classes("item").mark(f"agent-{agent.name}"):
            with ui.element("div").classes("line first").style("gap: 12px"):
                agent_tile(latest.kind, agent.name)
                with ui.element("div").classes("stack tight").style("gap: 0"):
                    ui.link(agent.name, f"/agents/{agent.name}").classes("row-link cut")
                    ui.label(latest.description or "No description").classes("tiny fg3 cut")
            with ui.element("div"):
                kind_tag(latest.kind)
            with ui.element("div").classes("stack tight on-wide").style("gap: 0"):
                ui.label(latest.version).classes("mono")
                Moment(latest.created_at).classes("tiny fg3")
            ui.label(f"{summary.version_count:,}").classes("num fg2 right on-wide")
            deployed = ui.label(f"{summary.deployment_count:,}").classes("num fg2 right")
            deployed.props('data-label="Deployments"')
            with ui.element("div").classes("right"):
                Button("Deploy", lambda: open_deploy_dialog(self._studio, agent=agent.name), symbol="rocket").classes(
                    "small"
                )
