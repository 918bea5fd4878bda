"""Makes recorded calls again and shows what differs: in the redeploy dialog, and in a dialog of its own."""

from collections.abc import Callable

from nicegui import ui

from nexdeck.pages.components.requests.replay_results import show_results
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import choice_field
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.identity import me
from nexdeck.services.calls.replays import Replay, ReplayRequest, ReplayStatus
from nexdeck.services.errors import StudioError
from nexdeck.services.studio import Studio

LOOK_SECONDS = 0.4
COUNTS = {10: "the last 10", 20: "the last 20", 50: "the last 50", 100: "the last 100"}
WARNING = (
    "The calls run for real: whatever the agent does (mail, orders, payments), it does again. They count neither as "
    "traffic nor for health, and nothing is switched."
)


class ReplayPanel:
    """``wish`` gives the target, or raises StudioError; ``calls`` are the ids of those to make, none: the last ones."""

    def __init__(
        self, studio: Studio, deployment_id: str, wish: Callable[[], ReplayRequest], calls: list[str] | None = None
    ) -> None:
        self._studio = studio
        self._deployment_id = deployment_id
        self._wish = wish
        self._calls = calls or []
        self._replay: Replay | None = None
        with ui.element("div").classes("stack full"):
            ui.label(WARNING).classes("small fg2 breaks")
            with ui.element("div").classes("line wrap full"):
                if not self._calls:
                    self._last = choice_field("Calls", COUNTS, 20).mark("replay-last")
                self._with_live = ui.checkbox("On the live revision too", value=True).mark("replay-live")
                ui.element("div").classes("grow")
                self._start = Button("Replay", self._begin, symbol="play").mark("replay-start")
                self._cancel = Button("Cancel the replay", self._end).mark("replay-cancel")
            self._bar = ui.linear_progress(value=0, show_value=False).props("rounded aria-label=Progress")
            self._told = ui.label().classes("small fg2 num").props("role=status")
            self._trouble = ui.element("div").classes("full")
            self._results = Section(show_results, lambda replay: (replay.id, replay.done, replay.status))
        self._timer = ui.timer(LOOK_SECONDS, self._look, active=False)
        self._show_state()

    async def _begin(self) -> None:
        self._trouble.clear()
        try:
            wish = self._wish()
            last = self._last.value if not self._calls else len(self._calls)
            request = ReplayRequest(
                self._calls, last, wish.version, wish.options, wish.revision, bool(self._with_live.value)
            )
            self._replay = await self._studio.replays.start(self._deployment_id, request, actor=me())
        except StudioError as error:
            self._say_trouble("; ".join([error.message, *(fault.message for fault in error.errors)]))
            return
        self._timer.activate()
        self._look()

    async def _end(self) -> None:
        await self._studio.replays.cancel(self._deployment_id, self._replay.id, actor=me())
        self._look()

    def _look(self) -> None:
        replay = self._replay
        self._results.show(replay)
        self._show_state()
        if replay.status is not ReplayStatus.RUNNING:
            self._timer.deactivate()
            if replay.error:
                self._say_trouble(replay.error)

    def offer_live(self, offered: bool) -> None:
        """Whether the live revision can be called beside the target: not where it is the target."""
        self._with_live.set_visibility(offered)

    def _show_state(self) -> None:
        replay = self._replay
        running = replay is not None and replay.status is ReplayStatus.RUNNING
        self._start.set_visibility(not running)
        self._cancel.set_visibility(running)
        self._bar.set_visibility(running)
        self._told.set_visibility(replay is not None)
        if replay is not None:
            self._bar.set_value(replay.done / replay.total)
            self._told.text = f"{replay.done:,} of {replay.total:,} calls, against {replay.against}"

    def _say_trouble(self, message: str) -> None:
        self._trouble.clear()
        with self._trouble:
            banner(message, "bad")
