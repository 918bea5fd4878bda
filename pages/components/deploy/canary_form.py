"""The part of a deployment's options that says how a redeploy is tried out by some of the callers first."""

from typing import Any

from nicegui import ui

from nexdeck.models.option_table import label_of
from nexdeck.models.options import CanaryPlan
from nexdeck.pages.components.widgets.fields import FormErrors, fold, number_field

NOTE = (
    "A redeploy first gets a share of the calls. Its errors and its p95 are compared with those of the live revision: "
    "then it gets all calls, or is given up, by itself."
)


class CanaryForm:
    def __init__(self, plan: CanaryPlan | None, errors: FormErrors) -> None:
        shown = plan or CanaryPlan()
        with fold("Canary", count=int(plan is not None)):
            self._on = ui.switch("Try a redeploy with some of the callers first", value=plan is not None).mark("canary")
            ui.label(NOTE).classes("small fg2")
            with ui.element("div").classes("fields").bind_visibility_from(self._on, "value"):
                self._percent = number_field(
                    label_of("canary.percent"), shown.percent, suffix="%", min=1, max=50, precision=0
                )
                self._minutes = number_field(label_of("canary.minutes"), shown.minutes, suffix="min", min=0.1, max=1440)
                self._calls = number_field(label_of("canary.calls"), shown.calls, suffix="calls", min=1, precision=0)
        for name, entry in (("percent", self._percent), ("minutes", self._minutes), ("calls", self._calls)):
            errors.belongs(f"options.canary.{name}", entry)

    def read(self) -> dict[str, Any] | None:
        """As ``CanaryPlan`` takes it, not yet checked; None without a canary."""
        if not self._on.value:
            return None
        return {"percent": self._percent.value, "minutes": self._minutes.value, "calls": self._calls.value}
