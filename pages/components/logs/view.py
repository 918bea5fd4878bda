"""A window onto log lines: thousands in the browser's memory, some fifty in its document."""

from collections.abc import Iterable

from nicegui import ui

from nexdeck.models.log import LogEntry
from nexdeck.pages.assets import asset_url


class LogView(ui.element, component="../../static/js/log_view.js"):
    """Emits ``ready`` once it can take lines, ``older`` when the first line comes into view and there are more before
    it, and ``request`` with a request id that was pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.props["icons"] = asset_url("icons/icons.svg")
        self.classes("full")

    def begin(self, lines: Iterable[LogEntry], more: bool) -> None:
        """Show these instead of what is shown. ``more``: there are older ones."""
        self.run_method("begin", [_row(line) for line in lines], more)

    def prepend(self, lines: Iterable[LogEntry], more: bool) -> None:
        self.run_method("prepend", [_row(line) for line in lines], more)

    def push(self, lines: Iterable[LogEntry]) -> None:
        self.run_method("push", [_row(line) for line in lines])


def _row(line: LogEntry) -> list:
    """What the browser gets; log_view.js names the columns."""
    milliseconds = int(line.time.timestamp() * 1000)
    return [
        line.id,
        milliseconds,
        line.level,
        line.revision,
        line.request_id,
        line.logger,
        line.message,
        line.exception,
    ]
