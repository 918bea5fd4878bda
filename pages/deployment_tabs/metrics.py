"""What a deployment's calls added up to: charts over a range, by channel and revision, two revisions compared."""

from datetime import datetime

from nicegui import ui

from nexdeck.models.choices import Channel
from nexdeck.pages.address import PageAddress
from nexdeck.pages.components.metrics.board import RANGES, MetricBoard, read
from nexdeck.pages.components.widgets.buttons import Button, icon_button
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.filters import FilterMenu, Segments
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.deployment_tabs.downloads import metrics_url
from nexdeck.pages.words import CHANNELS
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.metrics.service import Scope, Series
from nexdeck.services.rules.windows import moment

DEFAULT = "1h"
REFRESH_SECONDS = 5.0


class MetricsTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._studio = context.studio
        self._address: PageAddress = context.address
        self._id = detail.summary.deployment.id
        with ui.element("div").classes("toolbar"):
            self._ranges = Segments(list(RANGES.items()), self._choose_range, label="Range")
            self._channel = FilterMenu("Channel", "plug-zap", lambda key: self._filter(channel=key))
            self._revision = FilterMenu("Revision", "rocket", lambda key: self._filter(revision=key, compare=""))
            self._compared = FilterMenu("Compare with", "rocket", lambda key: self._filter(compare=key))
            self._back = Button("Whole range", lambda: self._filter(since="", until=""), symbol="arrow-left")
            with icon_button("download", "Download these points as CSV", lambda: None) as self._download:
                pass
        with ui.element("div").classes("key-figures").mark("metric-figures"):
            names = ("requests", "failed", "p50", "p95", "p99", "tokens", "cost")
            self._figures = {name: _Figure(name) for name in names}
        self._nothing = ui.element("div").classes("full")
        self._charts = ui.element("div").classes("full")
        with self._charts:
            self._board = MetricBoard(self._zoom)
        self._channel.offer({channel.value: CHANNELS[channel] for channel in Channel})
        self._is_shown = False
        ui.timer(0, self._load, once=True)
        ui.timer(REFRESH_SECONDS, self._refresh, immediate=False)

    def show(self, detail: DeploymentDetail) -> None:
        """What is counted comes by a way of its own."""

    async def _choose_range(self, key: str) -> None:
        await self._filter(range="" if key == DEFAULT else key, since="", until="")

    async def _zoom(self, since: datetime | None, until: datetime | None) -> None:
        ends = {"since": since, "until": until}
        await self._filter(**{name: str(round(at.timestamp())) if at else "" for name, at in ends.items()})

    async def _filter(self, **changes: str) -> None:
        self._address.go(**changes)
        await self._load()

    async def _load(self) -> None:
        series, compared = await self._read()
        if self._charts.is_deleted:
            return
        self._show_controls(series)
        self._show_figures(series)
        self._is_shown = bool(series.revisions)
        self._charts.set_visibility(self._is_shown)
        self._nothing.clear()
        if self._is_shown:
            self._board.show(series, compared)
        else:
            with self._nothing:
                text = "Each call by REST, command line or MCP is counted here within seconds. Make one on “Try it”."
                empty_state("activity", "No calls yet", text)

    async def _refresh(self) -> None:
        """In place, and not while somebody looks at a part of it."""
        if self._address["since"] or self._charts.is_deleted:
            return
        if not self._is_shown:
            await self._load()
            return
        series, compared = await self._read()
        self._show_figures(series)
        self._board.refresh(series, compared)

    async def _read(self) -> tuple[Series, Series | None]:
        address = self._address
        channel = Channel(address["channel"]) if address["channel"] in set(Channel) else None
        span, since, until = address["range"] or DEFAULT, _moment(address["since"]), _moment(address["until"])
        found = []
        for revision in (_number(address["revision"]), _number(address["compare"])):
            scope = Scope(deployment=self._id, revision=revision, channel=channel)
            found.append(await read(self._studio, scope, span, since, until) if not found or revision else None)
        return found[0], found[1]

    def _show_controls(self, series: Series) -> None:
        address = self._address
        self._ranges.show(address["range"] or DEFAULT if not address["since"] else "", {})
        self._channel.show(address["channel"])
        revisions = {str(number): f"r{number}" for number in series.revisions}
        self._revision.offer(revisions)
        self._revision.show(address["revision"])
        self._compared.offer({key: text for key, text in revisions.items() if key != address["revision"]})
        self._compared.show(address["compare"])
        self._compared.set_visibility(bool(address["revision"]) and len(revisions) > 1)
        self._back.set_visibility(bool(address["since"]))
        self._download.props["href"] = metrics_url(self._id, series)
        self._download.props("download")

    def _show_figures(self, series: Series) -> None:
        total, rate = series.total.amounts, series.total.error_rate
        self._figures["requests"].show(f"{total.requests:,}")
        self._figures["failed"].show("–" if rate is None else f"{rate:.1%}")
        for name in ("p50", "p95", "p99"):
            self._figures[name].show(_milliseconds(getattr(series.total, f"{name}_ms")))
        has_tokens = bool(total.tokens_in or total.tokens_out)
        self._figures["tokens"].show(f"{total.tokens_in:,} in, {total.tokens_out:,} out" if has_tokens else "")
        self._figures["cost"].show(f"{total.cost:,.4f}" if total.cost else "")


class _Figure:
    def __init__(self, name: str) -> None:
        with ui.element("div").classes("figure") as self._place:
            self._value = ui.label().classes("value")
            ui.label(name).classes("name")

    def show(self, text: str) -> None:
        self._value.text = text
        self._place.set_visibility(bool(text))


def _milliseconds(ms: float | None) -> str:
    if ms is None:
        return "–"
    return f"{ms / 1000:,.2f} s" if ms >= 1000 else f"{ms:,.0f} ms" if ms >= 10 else f"{ms:,.1f} ms"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else None


def _moment(text: str) -> datetime | None:
    seconds = _number(text)
    return None if seconds is None else moment(seconds)
