"""A chart in the page: plotly's light bundle, drawn with the house's colours, changed in place when more comes in."""

from typing import Any

from nicegui import ui

from nexdeck.pages.assets import asset_url


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
