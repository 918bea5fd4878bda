"""A canary under way: how the new revision does beside the live one, and how long it is still tried."""

from nicegui import ui

from nexdeck.models.base import now
from nexdeck.pages.identity import me
from nexdeck.pages.words import milliseconds
from nexdeck.services.errors import Conflict
from nexdeck.services.rollout.canary import CanaryProgress
from nexdeck.services.rules.canary import Figures
from nexdeck.services.studio import Studio

LOOK_AGAIN = 1.0  # seconds
HEADS = ("", "Share", "Calls", "Errors", "p95")


class CanaryPanel:
    """Redraws itself each second until the canary is over."""

    def __init__(self, studio: Studio, deployment_id: str) -> None:
        self._studio = studio
        self._deployment_id = deployment_id
        with ui.element("div").classes("card spaced").mark("canary-panel"):
            with ui.element("div").classes("card-head"):
                ui.label("Canary").classes("h2")
                self._time_left = ui.label().classes("small fg3 num")
            with ui.element("div").classes("card-body stack"):
                self._bar = ui.element("i").classes("fill")
                self._bar.move(ui.element("div").classes("meter").props("role=presentation"))
                with ui.element("table").classes("comparison num"):
                    self._table = ui.element("tbody")
                ui.label(
                    "It gets all calls when its time is over, unless it does worse than the live revision: then it is "
                    "given up, and nobody else sees it."
                ).classes("small fg3")
        self._timer = ui.timer(LOOK_AGAIN, self._show)

    async def _show(self) -> None:
        try:
            progress = await self._studio.canaries.progress(self._deployment_id, actor=me())
        except Conflict:
            self._timer.deactivate()
            return
        self._bar.style(f"width: {_percent_of_time(progress):.1f}%")
        self._time_left.text = _time_left(progress)
        self._table.clear()
        with self._table:
            _row("th", HEADS)
            share = progress.plan.percent
            _row("td", (f"#{progress.live_revision} live", f"{100 - share}%", *_words(progress.live)))
            _row("td", (f"#{progress.revision} new", f"{share}%", *_words(progress.canary)))


def _time_left(progress: CanaryProgress) -> str:
    seconds = max(0, round((progress.ends_at - now()).total_seconds()))
    left = f"{seconds // 60} min" if seconds >= 120 else f"{seconds} s"
    calls = f" or {progress.plan.calls:,} calls" if progress.plan.calls else ""
    return f"judged after {left}{calls}"


def _percent_of_time(progress: CanaryProgress) -> float:
    by_time = (now() - progress.began_at) / (progress.ends_at - progress.began_at)
    by_calls = progress.canary.calls / progress.plan.calls if progress.plan.calls else 0.0
    return 100 * min(1.0, max(by_time, by_calls))


def _words(figures: Figures) -> tuple[str, str, str]:
    if not figures.calls:
        return "0", "–", "–"
    return f"{figures.calls:,}", f"{figures.error_rate:.1%}", milliseconds(figures.p95_ms or 0)


def _row(cell: str, texts: tuple[str, ...]) -> None:
    with ui.element("tr"):
        for text in texts:
            with ui.element(cell):
                ui.label(text)
