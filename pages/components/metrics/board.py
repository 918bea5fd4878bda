"""Charts of one scope with their controls: range, zoom, live. For a deployment's tab and for whole dashboards."""

from datetime import datetime

from nicegui import ui
from nicegui.events import GenericEventArguments

from nexdeck.models.choices import Range
from nexdeck.pages.components.metrics.figures import ERRORS, IN_FLIGHT, LATENCY, REQUESTS, TOKENS, Chart, Kind, figure
from nexdeck.pages.identity import me
from nexdeck.services.metrics.service import Scope, Series
from nexdeck.services.rules.windows import moment
from nexdeck.services.studio import Studio

FRESH_POINTS = 3  # what a second look within the same step can have changed, and a little before it
RANGES = {span.value: span.value for span in Range}


class MetricBoard:
    """``show`` draws a series; ``refresh`` only what came since. ``on_zoom`` gets the two times, or None, None."""

    def __init__(self, on_zoom, kinds: tuple[Kind, ...] = (REQUESTS, LATENCY, ERRORS, IN_FLIGHT, TOKENS)) -> None:
        self._on_zoom = on_zoom
        self._charts: dict[str, tuple[Kind, Chart, ui.element]] = {}
        self._shown: Series | None = None
        with ui.element("div").classes("charts"):
            for kind in kinds:
                with ui.element("div").classes("chart-card") as card:
                    ui.label(kind.title).classes("h3")
                    chart = Chart(kind.title)
                    chart.on("zoom", self._zoom)
                self._charts[kind.title] = kind, chart, card

    def show(self, series: Series, compared: Series | None = None) -> None:
        self._shown = series
        for kind, chart, card in self._charts.values():
            if kind is TOKENS:
                total = series.total.amounts
                card.set_visibility(bool(total.tokens_in or total.tokens_out))
            chart.show(figure(kind, series, compared))

    def refresh(self, series: Series, compared: Series | None = None) -> None:
        before = self._shown
        has_moved = before is None or len(before.points) != len(series.points) or before.marks != series.marks
        if has_moved or before.window.step != series.window.step:
            self.show(series, compared)
            return
        news = (series.window.until - before.window.until) // series.window.step + FRESH_POINTS
        self._shown = series
        for kind, chart, _ in self._charts.values():
            chart.extend(figure(kind, series, compared), min(news, len(series.points)))

    async def _zoom(self, event: GenericEventArguments) -> None:
        if not event.args:
            await self._on_zoom(None, None)
            return
        since, until = (moment(float(end) / 1000) for end in event.args[:2])
        await self._on_zoom(since, until)


async def read(
    studio: Studio, scope: Scope, span: str, since: datetime | None = None, until: datetime | None = None
) -> Series:
    """A series for what an address says; a range that is none is an hour."""
    return await studio.metrics.series(
        scope, Range(span) if span in RANGES else Range.HOUR, since=since, until=until, actor=me()
    )
