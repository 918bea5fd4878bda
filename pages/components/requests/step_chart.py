"""The steps that a call of an orchestration went through: what ran when and for how long, and what failed."""

from nicegui import ui

from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.words import StatusStyle, milliseconds
from nexdeck.services.rules.steps import StepEnd, StepSeen

LOOKS = {
    StepEnd.SUCCEEDED: StatusStyle("done", "ok"),
    StepEnd.FAILED: StatusStyle("failed", "bad"),
    StepEnd.ENDED: StatusStyle("ended early", "warn"),
}
LEAST_WIDTH = 1.0  # percent; a step that took no time is seen all the same


def step_chart(steps: list[StepSeen]) -> None:
    """Bars on one axis of time, from the start of the first step to the end of the last."""
    if not steps:
        return
    begin = steps[0].started_at
    offsets = [(step.started_at - begin).total_seconds() * 1000 for step in steps]
    whole = max(offset + step.milliseconds for offset, step in zip(offsets, steps, strict=True)) or 1.0
    with ui.element("ol").classes("step-chart").mark("steps"):
        for offset, step in zip(offsets, steps, strict=True):
            _row(step, offset, whole)


def _row(step: StepSeen, offset: float, whole: float) -> None:
    look, left = LOOKS[step.status], offset / whole * 100
    width = max(step.milliseconds / whole * 100, LEAST_WIDTH)
    with ui.element("li"):
        with ui.element("div").classes("line"):
            ui.label(step.name).classes("strong cut")
            ui.label(step.member).classes("mono tiny fg3 cut grow")
            if step.status is not StepEnd.SUCCEEDED:
                Chip(look)
            if offset:
                ui.label(f"after {milliseconds(offset)}").classes("tiny fg3 num")
            ui.label(milliseconds(step.milliseconds)).classes("tiny fg2 num")
        with ui.element("div").classes("track"):
            bar = ui.element("div").classes(f"bar {look.tone}")
            bar.style(f"left: {min(left, 100 - width):.2f}%; width: {width:.2f}%")
        if step.error:
            ui.label(step.error[:2000]).classes("small bad-text keep")
