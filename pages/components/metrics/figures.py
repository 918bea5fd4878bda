"""From metrics to plotly figures, and the chart that shows one in a page.

Figures are plain data, pure. Colours are names of tokens.css; chart.js looks them up. Each kind of chart is a function
from a ``Series`` and, to compare, another of the same window:

>>> Chart("Requests").show(figure(REQUESTS, series))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from nicegui import ui

from nexdeck.pages.assets import asset_url
from nexdeck.services.metrics.annotations import Annotation
from nexdeck.services.metrics.service import Point, Series

Value = Callable[[Point], float | None]


@dataclass(frozen=True)
class Trace:
    name: str
    colour: str
    value: Value


@dataclass(frozen=True)
class Kind:
    """What a chart shows. ``bars`` are stacked; of lines, those compared to are dashed."""

    title: str
    traces: Sequence[Trace]
    bars: bool = False
    suffix: str = ""


REQUESTS = Kind(
    "Requests",
    (
        Trace("Succeeded", "--accent", lambda p: p.amounts.requests - _not_well(p)),
        Trace("Refused", "--warn", lambda p: _not_well(p) - p.amounts.failures),
        Trace("Failed", "--bad", lambda p: p.amounts.failures),
    ),
    bars=True,
)
ERRORS = Kind(
    "Error rate",
    (
        Trace("Failed", "--bad", lambda p: _percent(p, p.amounts.failures)),
        Trace("Refused", "--warn", lambda p: _percent(p, _not_well(p) - p.amounts.failures)),
    ),
    suffix="%",
)
LATENCY = Kind(
    "Latency",
    (
        Trace("p50", "--ok", lambda p: _rounded(p.p50_ms)),
        Trace("p95", "--info", lambda p: _rounded(p.p95_ms)),
        Trace("p99", "--accent", lambda p: _rounded(p.p99_ms)),
    ),
    suffix=" ms",
)
IN_FLIGHT = Kind("In flight", (Trace("In flight", "--info", lambda p: p.amounts.in_flight),))
TOKENS = Kind(
    "Model tokens",
    (
        Trace("In", "--info", lambda p: p.amounts.tokens_in),
        Trace("Out", "--accent", lambda p: p.amounts.tokens_out),
    ),
    bars=True,
)


def figure(kind: Kind, series: Series, compared: Series | None = None) -> dict[str, Any]:
    """``data`` and ``layout`` for chart.js; times are milliseconds since 1970."""
    times = times_of(series.points)
    shown = [(series, _revision_of(series) if compared else "", False)]
    if compared is not None:
        shown.append((compared, _revision_of(compared), True))
    data = []
    for one, revision, is_second in shown:
        for trace, values in zip(kind.traces, values_of(kind, one.points), strict=True):
            is_bar = kind.bars and compared is None
            looks = _bar(trace, one.window.step) if is_bar else _line(trace, is_second)
            name = f"{trace.name} {revision}".strip()
            data.append({"name": name, "x": times, "y": values, **looks})
    return {"data": data, "layout": _layout(kind, series)}


def times_of(points: Sequence[Point]) -> list[int]:
    return [round(point.at.timestamp() * 1000) for point in points]


def values_of(kind: Kind, points: Sequence[Point]) -> list[list[float | None]]:
    """The values of each trace."""
    return [[trace.value(point) for point in points] for trace in kind.traces]


def window_of(series: Series) -> list[int]:
    return [series.window.since * 1000, series.window.until * 1000]


def _not_well(point: Point) -> int:
    amounts = point.amounts
    return amounts.failures + amounts.client_errors + amounts.refused + amounts.cancelled


def _percent(point: Point, count: int) -> float | None:
    return round(100 * count / point.amounts.requests, 2) if point.amounts.requests else None


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1 if ms < 100 else 0)


def _revision_of(series: Series) -> str:
    return f"r{series.scope.revision}" if series.scope.revision else ""


def _bar(trace: Trace, step: int) -> dict[str, Any]:
    """It covers the step that it tells of, but for a gap; in milliseconds."""
    return {"type": "bar", "marker": {"color": trace.colour}, "offset": 0, "width": 850 * step}


def _line(trace: Trace, is_second: bool) -> dict[str, Any]:
    line = {"color": trace.colour, "width": 1.6, "dash": "dot" if is_second else "solid"}
    return {"type": "scatter", "mode": "lines+markers", "line": line, "marker": {"size": 3}, "connectgaps": False}


def _layout(kind: Kind, series: Series) -> dict[str, Any]:
    of_legend = {"font": {"color": "--fg-2"}}
    grid = {"gridcolor": "--line-2", "linecolor": "--line", "zerolinecolor": "--line", "tickcolor": "--line"}
    return {
        "barmode": "stack",
        "height": 240,
        "margin": {"l": 56, "r": 12, "t": 26, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Inter, sans-serif", "size": 11, "color": "--fg-3"},
        "hovermode": "x unified",
        "dragmode": "zoom",
        "showlegend": len(kind.traces) > 1,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal", **of_legend},
        "xaxis": {"type": "date", "range": window_of(series), "fixedrange": False, **grid},
        "yaxis": {"rangemode": "tozero", "ticksuffix": kind.suffix, "fixedrange": True, "nticks": 5, **grid},
        "shapes": [_shape(mark, series) for mark in series.marks],
        "annotations": [_note(mark, series) for mark in _told(series)],
    }


def _told(series: Series) -> list[Annotation]:
    """The revisions with room for their names: of those that follow each other closely the last."""
    revisions = sorted((mark for mark in series.marks if mark.kind == "revision"), key=lambda mark: mark.at)
    room = (series.window.until - series.window.since) / 20
    nexts = [*(mark.at.timestamp() for mark in revisions[1:]), float("inf")]
    return [mark for mark, after in zip(revisions, nexts, strict=False) if after - mark.at.timestamp() > room]


def _shape(mark: Annotation, series: Series) -> dict[str, Any]:
    """A revision is a line, an incident covers its time."""
    first, last = window_of(series)
    begin = max(first, round(mark.at.timestamp() * 1000))
    place = {"xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "x0": begin}
    if mark.kind == "revision":
        return {"type": "line", "x1": begin, "line": {"color": "--fg-3", "width": 1, "dash": "dot"}, **place}
    end = min(last, round(mark.until.timestamp() * 1000)) if mark.until else last
    return {"type": "rect", "x1": end, "fillcolor": "--bad-soft", "opacity": 0.7, "line": {"width": 0}, **place}


def _note(mark: Annotation, series: Series) -> dict[str, Any]:
    return {
        "x": max(window_of(series)[0], round(mark.at.timestamp() * 1000)),
        "y": 1,
        "yref": "paper",
        "yanchor": "top",
        "xanchor": "left",
        "showarrow": False,
        "text": escape(mark.label[:40]),
        "font": {"size": 10, "color": "--fg-2"},
        "bgcolor": "--surface",
    }


class Chart(ui.element, component="../../static/js/chart.js"):
    """Shows figures of ``pages.components.metrics.figures``.

    Emits ``zoom`` with [from, to] in milliseconds since 1970, or with None when the reader wants everything back.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self.props["source"] = asset_url("plotly/plotly-basic.min.js")
        self.props["aria-label"] = title

    def show(self, figure: dict[str, Any]) -> None:
        self.props["figure"] = figure

    def extend(self, figure: dict[str, Any], points: int) -> None:
        """Show a figure of which only the last ``points`` are news: only those travel, and nothing is drawn anew."""
        with self.props.suspend_updates():
            self.props["figure"] = figure  # for the browser that comes back later
        times = figure["data"][0]["x"][-points:]
        values = [trace["y"][-points:] for trace in figure["data"]]
        self.run_method("extend", times, values, figure["layout"]["xaxis"]["range"])
