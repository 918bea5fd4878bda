"""The steps of an operation as they happen: what was done, how long it took, and why one failed."""

from nicegui import ui

from nexdeck.models.deployment import OperationStatus, OperationStep, StepStatus
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.icons import icon
from nexdeck.pages.components.widgets.moment import Lasting
from nexdeck.pages.components.widgets.section import Section
from nexdeck.services.deployments.journal import CANARY, OperationDetail

SYMBOLS = {
    StepStatus.PENDING: "circle",
    StepStatus.RUNNING: "loader-circle",
    StepStatus.SUCCEEDED: "check",
    StepStatus.FAILED: "x",
    StepStatus.SKIPPED: "minus",
}
NAMES = {
    "check": "Check the gateway and the configuration",
    "build": "Build the artifact",
    "remove": "Take it off the gateway",
    "register": "Load it into the gateway",
    "prove API": "Call it by REST",
    "prove CLI": "Call it by the command line",
    "prove MCP": "Call it by MCP",
    CANARY: "Let some callers try it",
    "switch": "Switch traffic to it",
    "confirm": "Confirm that it is gone",
}


class OperationSteps:
    """``show`` redraws just the steps that changed."""

    def __init__(self) -> None:
        self._place = ui.element("div").classes("stack")
        self._operation_id = ""
        self._steps: list[Section[OperationStep]] = []
        self._end: Section[OperationDetail] | None = None

    def show(self, detail: OperationDetail) -> None:
        if detail.operation.id != self._operation_id:
            self._operation_id = detail.operation.id
            self._begin(detail)
        for section, step in zip(self._steps, detail.steps, strict=True):
            section.show(step)
        self._end.show(detail)

    def _begin(self, detail: OperationDetail) -> None:
        self._place.clear()
        with self._place:
            with ui.element("div").classes("steps").props("role=list aria-live=polite"):
                self._steps = [Section(_show_step, _key, classes="") for _ in detail.steps]
            self._end = Section(_show_end, lambda d: (d.operation.status, d.operation.error))


def _key(step: OperationStep) -> tuple:
    return step.status, step.started_at, step.ended_at, step.message


def _show_step(step: OperationStep) -> None:
    with ui.element("div").classes(f"step {step.status}").props("role=listitem").mark(f"step-{step.name}"):
        with ui.element("div").classes(f"mark {step.status}"):
            icon(SYMBOLS[step.status])
        with ui.element("div").classes("name"):
            ui.label(NAMES.get(step.name, step.name))
        with ui.element("div").classes("tiny fg3 num"):
            if step.started_at is not None:
                Lasting(step.started_at, step.ended_at)
            else:
                ui.label("skipped" if step.status is StepStatus.SKIPPED else "")
        if step.message:
            ui.label(step.message).classes("message")


def _show_end(detail: OperationDetail) -> None:
    operation = detail.operation
    failed_step = any(step.status is StepStatus.FAILED for step in detail.steps)
    if operation.status is OperationStatus.CANCELLED:
        banner(f"This change was {operation.error or 'cancelled'}.", "idle")
    elif operation.status is OperationStatus.FAILED and operation.error and not failed_step:
        banner(operation.error, "bad")
