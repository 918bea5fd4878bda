"""The part of a deployment's options that says how a redeploy is tried out by some of the callers first."""

from typing import Any

from nicegui import ui

from nexdeck.models.option_shape import Group
from nexdeck.models.options import CanaryPlan
from nexdeck.pages.components.deploy.option_fields import number_option
from nexdeck.pages.components.widgets.fields import FormErrors, fold

NOTE = (
    "A redeploy first gets a share of the calls. Its errors and its p95 are compared with those of the live revision: "
    "then it gets all calls, or is given up, by itself."
)


class CanaryForm:
    def __init__(self, plan: CanaryPlan | None, errors: FormErrors) -> None:
        shown = plan or CanaryPlan()
        with fold(Group.CANARY, count=int(plan is not None)):
            self._on = ui.switch("Try a redeploy with some of the callers first", value=plan is not None).mark("canary")
            ui.label(NOTE).classes("small fg2")
            with ui.element("div").classes("fields").bind_visibility_from(self._on, "value"):
                self._percent = number_option("canary.percent", shown.percent)
                self._minutes = number_option("canary.minutes", shown.minutes)
                self._calls = number_option("canary.calls", shown.calls)
        for name, entry in (("percent", self._percent), ("minutes", self._minutes), ("calls", self._calls)):
            errors.belongs(f"options.canary.{name}", entry)

    def read(self) -> dict[str, Any] | None:
        """As ``CanaryPlan`` takes it, not yet checked; None without a canary."""
        if not self._on.value:
            return None
        return {"percent": self._percent.value, "minutes": self._minutes.value, "calls": self._calls.value}
