"""The deployment's log, live: filtered by what the address says, searched in what is kept, one request at a time."""

import asyncio
from urllib.parse import urlencode

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from nexdeck.models.log import LogEntry, LogLevel
from nexdeck.pages.address import PageAddress
from nexdeck.pages.assets import prefix
from nexdeck.pages.components.logs.view import LogView
from nexdeck.pages.components.requests.step_chart import step_chart
from nexdeck.pages.components.widgets.buttons import icon_button
from nexdeck.pages.components.widgets.fields import search_field
from nexdeck.pages.components.widgets.filters import Segments
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.components.widgets.time_range import TimeRange
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.identity import me
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.errors import InvalidInput
from nexdeck.services.logs.feed import Subscription
from nexdeck.services.logs.service import LogPage, LogQuery, LogService
from nexdeck.services.rules.steps import steps_of

FIRST = 500  # lines shown to begin with, and fetched when one scrolls to the top
PAUSE = 0.1  # seconds between two batches to one browser
LEVELS = {"": "All", "info": "Info", "warning": "Warnings", "error": "Errors"}


class LogsTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._logs: LogService = context.studio.logs
        self._address: PageAddress = context.address
        self._id = detail.summary.deployment.id
        self._turn = asyncio.Lock()  # what is loaded and what arrives must not overtake each other
        self._last = 0
        self._watch: _Watch | None = None
        self._fits = LogQuery().matcher()
        with ui.element("div").classes("toolbar log-tools"):
            self._levels = Segments(list(LEVELS.items()), lambda key: self._filter(level=key))
            self._times = TimeRange(self._address, self._filter)
            self._search = search_field("Search the log", self._address["q"], self._typed).mark("search-log")
            with ui.element("div").classes("request-filter") as self._request:
                self._request_text = ui.label().classes("mono cut")
                icon_button("x", "Show all requests", lambda: self._filter(request="")).classes("small")
            self._build_downloads()
        self._problem = ui.label().classes("small warn-text").props("role=status")
        self._steps = Section(step_chart, list)
        self._view = LogView()
        self._view.on("ready", self._begin)
        self._view.on("older", self._load_older)
        self._view.on("request", self._show_request)
        self._show_controls()

    def show(self, detail: DeploymentDetail) -> None:
        """The lines come by a way of their own."""

    def _build_downloads(self) -> None:
        with icon_button("download", "Download all lines that fit", lambda: self._menu.open()):
            self._menu = ui.menu().props("no-parent-event")
        with self._menu:
            self._downloads = {
                name: ui.menu_item(text) for name, text in (("jsonl", "JSON lines"), ("text", "Plain text"))
            }
        for item in self._downloads.values():
            item.props("tag=a download")

    def _query(self) -> LogQuery:
        level = self._address["level"].upper()
        return LogQuery(
            level=LogLevel(level) if level in LogLevel.__members__ else None,
            q=self._address["q"],
            request_id=self._address["request"] or None,
            since=self._times.since,
            until=self._times.until,
        )

    def _show_controls(self) -> None:
        self._levels.show(self._address["level"], {})
        self._times.show()
        self._request.set_visibility(bool(self._address["request"]))
        self._request_text.text = f"request {self._address['request']}"
        query = self._query()
        given = {"level": query.level, "q": query.q, "request_id": query.request_id}
        given |= {"since": query.since, "until": query.until}
        for name, item in self._downloads.items():
            item.props["href"] = download_url(self._id, name, given)

    async def _typed(self, event) -> None:
        await self._filter(replace=True, q=event.value or "")

    async def _filter(self, *, replace: bool = False, **changes: str) -> None:
        self._address.go(replace=replace, **changes)
        self._show_controls()
        await self._load()

    async def _begin(self) -> None:
        """The browser is ready: show what is kept, then what comes, for as long as the tab is open."""
        if self._watch is None:
            subscription = await self._logs.subscribe(self._id, actor=me())
            self._watch = _Watch(self._view, self._logs, subscription)
            background_tasks.create(self._follow(subscription, self._watch), name="follow a log")
        await self._load()

    async def _follow(self, subscription: Subscription, watch: "_Watch") -> None:
        while not subscription.closed and not watch.is_deleted:
            arrived = await subscription.take(60)
            if subscription.missed:
                subscription.missed = False
                await self._load()
            async with self._turn:
                self._push([line for line in arrived if line.id > self._last and self._fits(line)])
            await asyncio.sleep(PAUSE)

    def _push(self, lines: list[LogEntry]) -> None:
        if lines and not self._view.is_deleted:
            self._last = lines[-1].id  # what comes live comes in the order of ids
            self._view.push(lines)

    async def _load(self) -> None:
        """Show the newest lines that fit what the address asks for."""
        async with self._turn:
            query = self._query()
            try:
                self._fits = query.matcher() if query.until is None else lambda _: False
                page = await self._logs.history(self._id, query, limit=FIRST, actor=me())
                self._problem.text = ""
            except InvalidInput as error:
                self._fits, page = lambda _: False, LogPage([], None)
                self._problem.text = error.errors[0].message
            self._steps.show(steps_of(page.lines) if query.request_id else [])
            self._last = max((line.id for line in page.lines), default=0)
            if not self._view.is_deleted:
                self._view.begin(page.lines, page.next_cursor is not None)

    async def _show_request(self, event: GenericEventArguments) -> None:
        """One request's lines together, whatever was looked for before."""
        self._search.set_value("")
        await self._filter(request=str(event.args)[:128], level="", q="", since="", until="")

    async def _load_older(self, event: GenericEventArguments) -> None:
        async with self._turn:
            page = await self._logs.history(self._id, self._query(), limit=FIRST, before=int(event.args), actor=me())
            self._view.prepend(page.lines, page.next_cursor is not None)


class _Watch(ui.element):
    """Invisible beside the view: deleted with it, it ends the watch."""

    def __init__(self, view: LogView, logs: LogService, subscription: Subscription) -> None:
        with view.parent_slot:
            super().__init__("span")
        self.set_visibility(False)
        self._logs = logs
        self._subscription = subscription

    def _handle_delete(self) -> None:
        self._logs.unsubscribe(self._subscription)
        super()._handle_delete()


def download_url(deployment_id: str, form: str, given: dict) -> str:
    """Where the REST API gives the lines that fit as a file, also behind a proxy that serves us under a prefix."""
    chosen = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in given.items()}
    query = urlencode({"format": form} | {name: value for name, value in chosen.items() if value})
    return f"{prefix()}/api/v1/deployments/{deployment_id}/logs?{query}"
