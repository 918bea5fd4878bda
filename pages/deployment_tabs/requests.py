"""The calls that a deployment answered: the newest first, as they come, filtered by what the address says."""

from nicegui import ui

from nexdeck.models.choices import Channel
from nexdeck.pages.address import PageAddress
from nexdeck.pages.components.requests.dialog import open_request_dialog
from nexdeck.pages.components.requests.replay_dialog import open_replay_dialog
from nexdeck.pages.components.requests.row import COLUMNS, RequestRow
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import search_field
from nexdeck.pages.components.widgets.filters import FilterMenu, Segments
from nexdeck.pages.components.widgets.time_range import TimeRange
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.identity import me
from nexdeck.pages.words import CHANNELS
from nexdeck.services.calls.service import CLASSES, CallPage, CallQuery
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.errors import NotFound

PAGE_SIZE = 50
OUTCOMES = {"": "All", "ok": "OK", "refused": "Refused", "broken": "Failed"}
SLOWER = {"100": "100 ms", "1000": "1 s", "10000": "10 s"}
FILTERS = ("outcome", "channel", "revision", "key", "slower", "since", "until", "q")


class RequestsTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._context = context
        self._calls = context.studio.calls
        self._address: PageAddress = context.address
        self._id = detail.summary.deployment.id
        self._detail = detail
        self._rows: dict[int, RequestRow] = {}
        self._shown: CallPage | None = None
        with ui.element("div").classes("toolbar"):
            self._outcomes = Segments(list(OUTCOMES.items()), lambda key: self._filter(outcome=key))
            self._search = search_field("Search requests", self._address["q"], self._typed).mark("search-requests")
            self._menus = {
                "channel": FilterMenu("Channel", "plug-zap", lambda key: self._filter(channel=key)),
                "revision": FilterMenu("Revision", "rocket", lambda key: self._filter(revision=key)),
                "key": FilterMenu("Key", "key-round", lambda key: self._filter(key=key)),
                "slower": FilterMenu("Slower than", "activity", lambda key: self._filter(slower=key)),
            }
            self._times = TimeRange(self._address, self._filter)
            self._replay = Button("Replay", lambda: open_replay_dialog(context.studio, self._detail), symbol="play")
            self._replay.mark("replay-requests")
            self._live = Button("", self._turn_live).mark("requests-live")
        with ui.element("div").classes("card"), ui.element("div").classes("list requests"):
            with ui.element("div").classes("head"):
                for text, classes in COLUMNS:
                    ui.label(text).classes(classes)
            self._place = ui.element("div").classes("rows")
            self._nothing = ui.element("div").style("grid-column: 1 / -1")
        with ui.element("div").classes("list-foot"):
            self._foot = ui.label().classes("grow")
            self._newest = Button("Newest", lambda: self._turn_page(""))
            self._older = Button("Older", lambda: self._turn_page(str(self._shown.next_cursor)))
        self._offer(detail)
        self._show_controls()
        context.feeds.calls.watch().tell(self._take_news)
        ui.timer(0, self._begin, once=True)

    def show(self, detail: DeploymentDetail) -> None:
        self._detail = detail
        self._replay.set_enabled(detail.live is not None)
        self._offer(detail)

    def _offer(self, detail: DeploymentDetail) -> None:
        self._menus["channel"].offer({channel.value: CHANNELS[channel] for channel in Channel})
        self._menus["revision"].offer({str(r.number): f"#{r.number}, {r.version}" for r in detail.revisions})
        self._menus["key"].offer({key.id: f"{key.name} ({key.prefix}…)" for key in detail.keys})
        self._menus["slower"].offer(SLOWER)

    def _query(self) -> CallQuery:
        address = self._address
        return CallQuery(
            status=address["outcome"] if address["outcome"] in CLASSES else None,
            channel=Channel(address["channel"]) if address["channel"] in set(Channel) else None,
            revision=_number(address["revision"]),
            key=address["key"] or None,
            min_ms=_number(address["slower"]),
            q=address["q"],
            since=self._times.since,
            until=self._times.until,
        )

    async def _begin(self) -> None:
        await self._load()
        if call := self._address["call"]:
            await self._open(call)

    async def _typed(self, event) -> None:
        await self._filter(replace=True, q=event.value or "")

    async def _filter(self, *, replace: bool = False, **changes: str) -> None:
        self._address.go(replace=replace, before="", **changes)
        await self._load()

    async def _turn_page(self, before: str) -> None:
        self._address.go(before=before)
        await self._load()

    async def _turn_live(self) -> None:
        self._address.go(replace=True, live="" if self._address["live"] else "off")
        await self._load()

    async def _take_news(self, changed: set[str]) -> None:
        if self._id in changed and not self._address["live"] and not self._address["before"]:
            await self._load()

    async def _load(self) -> None:
        self._show_controls()
        page = await self._calls.list(
            self._id, self._query(), limit=PAGE_SIZE, before=_number(self._address["before"]), actor=me()
        )
        if not self._place.is_deleted:
            self._show_page(page)

    def _show_controls(self) -> None:
        self._outcomes.show(self._address["outcome"], {})
        for name, menu in self._menus.items():
            menu.show(self._address[name])
        self._times.show()
        held = bool(self._address["live"] or self._address["before"])
        self._live.text = "Held" if held else "Live"
        self._live.props["aria-pressed"] = "false" if held else "true"
        self._live.classes(add="off" if held else "on-air", remove="on-air" if held else "off")

    def _show_page(self, page: CallPage) -> None:
        """Rows that stay are left as they are; new ones come in above them."""
        self._shown = page
        wanted = [call.entry.id for call in page.calls]
        for id_ in self._rows.keys() - set(wanted):
            self._rows.pop(id_).delete()
        for position, call in enumerate(page.calls):
            if call.entry.id not in self._rows:
                with self._place:
                    row = self._rows[call.entry.id] = RequestRow(call, self._open)
                row.element.move(target_index=position)
        self._nothing.clear()
        if not page.calls:
            with self._nothing:
                self._show_nothing()
        self._foot.text = "" if page.next_cursor or not page.calls else "These are the oldest that are kept."
        self._newest.set_visibility(bool(self._address["before"]))
        self._older.set_visibility(page.next_cursor is not None)

    def _show_nothing(self) -> None:
        if any(self._address[name] for name in FILTERS):
            with empty_state("search", "No request fits", "None of those that are kept fits the search and filters."):
                Button("Clear search and filters", self._clear)
        else:
            text = "Each call by REST, command line or MCP appears here a moment after it was answered."
            empty_state("activity", "No requests yet", text)

    async def _clear(self) -> None:
        self._search.set_value("")
        await self._filter(**dict.fromkeys(FILTERS, ""))

    async def _open(self, call: str) -> None:
        try:
            found = await self._calls.get(self._id, call, actor=me())
        except NotFound:
            self._address.go(replace=True, call="")
            raise
        self._address.go(replace=True, call=found.id)
        open_request_dialog(self._context.studio, self._detail, found, lambda: self._address.go(replace=True, call=""))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None
