"""The part of a form that shows what it is about to change, and asks before callers are broken."""

from collections.abc import Callable

from nicegui import ui

from nexdeck.pages.components.deploy.diff_view import show_diff
from nexdeck.services.rollout.diff import RevisionDiff


class ChangePanel:
    """``show`` whenever the form says something else. ``is_allowed`` tells whether the person agrees with what is
    shown; ``on_allowed`` is called whenever that may have changed."""

    def __init__(self, on_allowed: Callable[[], None]) -> None:
        self._on_allowed = on_allowed
        self._diff: RevisionDiff | None = None
        with ui.element("div").classes("stack full"):
            ui.label("What changes").classes("h2")
            self._place = ui.element("div").classes("full").mark("changes")
            self._box = ui.checkbox("Break these callers", on_change=lambda: self._on_allowed()).mark("allow-breaking")
            self._box.set_visibility(False)

    def show(self, diff: RevisionDiff) -> None:
        if self._diff is None or self._diff.breaking != diff.breaking:
            self._box.set_value(False)  # what was agreed to was something else
        self._diff = diff
        self._place.clear()
        with self._place:
            show_diff(diff)
        self._box.set_visibility(bool(diff.breaking))
        self._on_allowed()

    @property
    def breaks_callers(self) -> bool:
        return self._diff is not None and bool(self._diff.breaking)

    @property
    def is_allowed(self) -> bool:
        return not self.breaks_callers or self._box.value
