"""Charts below the board: calls, errors and latency of everything, of a gateway, or of a deployment."""

from datetime import datetime

from nicegui import ui

from nexdeck.pages.address import PageAddress
from nexdeck.pages.components.metrics.board import RANGES, MetricBoard, read
from nexdeck.pages.components.metrics.figures import ERRORS, LATENCY, REQUESTS
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.filters import FilterMenu, Segments
from nexdeck.services.errors import NotFound
from nexdeck.services.metrics.service import Scope, Series
from nexdeck.services.rules.windows import moment
from nexdeck.services.studio import Studio

DEFAULT = "1h"
REFRESH_SECONDS = 30.0
NOTHING = "No calls in this time. Each call by REST, command line or MCP is counted here within seconds."


class HealthCharts:
    """The address tells whose (``of``, an id), which ``revision``, and the range (``span``, or ``from`` and ``to``)."""

    def __init__(self, studio: Studio, address: PageAddress) -> None:
        self._studio = studio
        self._address = address
        with ui.element("div").classes("card").style("margin-top: 16px").mark("health-charts") as self._card:
            with ui.element("div").classes("card-head wrap"):
                self._title = ui.label("Traffic").classes("h2")
                self._revision = FilterMenu("Revision", "rocket", lambda key: self._go(revision=key))
                self._everything = Button("Everything", lambda: self.choose(""), symbol="arrow-left")
                self._whole = Button("Whole range", lambda: self._go(**{"from": "", "to": ""}), symbol="arrow-left")
                self._ranges = Segments(list(RANGES.items()), self._choose_range, label="Range of the charts")
            self._nothing = ui.label(NOTHING).classes("small fg3 card-body")
            with ui.element("div").classes("card-body") as self._place:
                self._board = MetricBoard(self._zoom, (REQUESTS, ERRORS, LATENCY))
        ui.timer(0, self.load, once=True)  # the board itself must not wait for them
        ui.timer(REFRESH_SECONDS, self._refresh, immediate=False)

    async def choose(self, subject_id: str) -> None:
        """Show the charts of a gateway or a deployment; of everything, if it is empty."""
        await self._go(of=subject_id, revision="")

    def reveal(self) -> None:
        """Bring them into sight: they are below the board."""
        ui.run_javascript(f"getHtmlElement({self._card.id})?.scrollIntoView({{behavior: 'smooth', block: 'nearest'}})")

    async def _choose_range(self, key: str) -> None:
        await self._go(span="" if key == DEFAULT else key, **{"from": "", "to": ""})

    async def _zoom(self, since: datetime | None, until: datetime | None) -> None:
        ends = {"from": since, "to": until}
        await self._go(**{name: str(round(at.timestamp())) if at else "" for name, at in ends.items()})

    async def _go(self, **changes: str) -> None:
        self._address.go(**changes)
        await self.load()

    async def load(self) -> None:
        """Draw what the address asks for."""
        series = await self._read()
        if self._place.is_deleted:
            return
        address, scope = self._address, series.scope
        self._title.text = "Traffic of everything" if scope == Scope() else f"Traffic of {series.name}"
        self._everything.set_visibility(scope != Scope())
        self._whole.set_visibility(bool(address["from"]))
        self._ranges.show("" if address["from"] else address["span"] or DEFAULT, {})
        self._revision.offer({str(number): f"r{number}" for number in series.revisions})
        self._revision.show(address["revision"])
        self._revision.set_visibility(scope.deployment is not None and len(series.revisions) > 1)
        has_calls = bool(series.total.amounts.requests)
        self._nothing.set_visibility(not has_calls)
        self._place.set_visibility(has_calls)
        if has_calls:
            self._board.show(series)

    async def _refresh(self) -> None:
        if self._address["from"] or self._place.is_deleted:
            return
        if self._place.visible:
            self._board.refresh(await self._read())
        else:
            await self.load()

    async def _read(self) -> Series:
        address = self._address
        since, until = (moment(int(address[name])) if _is_number(address[name]) else None for name in ("from", "to"))
        span = address["span"] or DEFAULT
        try:
            return await read(self._studio, self._scope(), span, since, until)
        except NotFound:  # an old address of something that is gone
            address.go(replace=True, of="", revision="")
            return await read(self._studio, Scope(), span, since, until)

    def _scope(self) -> Scope:
        subject, revision = self._address["of"], self._address["revision"]
        if subject.startswith("gtw_"):
            return Scope(gateway=subject)
        if subject:
            return Scope(deployment=subject, revision=int(revision) if _is_number(revision) else None)
        return Scope()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10
