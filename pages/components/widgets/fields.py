"""Fields of forms: a label above, a hint below, the error beside it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from nicegui import ui

from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.icons import icon, icon_source
from nexdeck.pages.notices import words_for
from nexdeck.services.errors import Fault, StudioError


@contextmanager
def field(label: str, hint: str = "", *, group: bool = False) -> Iterator[None]:
    """Label and hint around what is built inside: one entry, or a ``group`` of them."""
    around = ui.element("div" if group else "label").classes("field")
    if group:
        around.props("role=group").props["aria-label"] = label
    with around:
        ui.label(label).classes("label")
        yield
        if hint:
            ui.label(hint).classes("hint")


def text_field(
    label: str,
    value: str = "",
    *,
    hint: str = "",
    placeholder: str = "",
    secret: bool = False,
    mono: bool = False,
    on_change: Callable[[Any], Any] | None = None,
) -> ui.input:
    with field(label, hint):
        entry = ui.input(value=value, placeholder=placeholder, password=secret, on_change=on_change)
    entry.props("outlined dense hide-bottom-space spellcheck=false").classes("full" + (" mono-input" if mono else ""))
    entry.props("autocomplete=new-password" if secret else "autocomplete=off")
    entry.props["aria-label"] = label
    return entry


def area_field(label: str, value: str = "", *, hint: str = "", placeholder: str = "") -> ui.textarea:
    """Some lines of text."""
    with field(label, hint):
        entry = ui.textarea(value=value, placeholder=placeholder)
    entry.props("outlined dense hide-bottom-space autogrow").classes("full")
    entry.props["aria-label"] = label
    return entry


def number_field(
    label: str,
    value: float | None = None,
    *,
    hint: str = "",
    suffix: str = "",
    placeholder: str = "no limit",
    **limits: Any,
) -> ui.number:
    with field(label, hint):
        entry = ui.number(value=value, placeholder=placeholder, **limits)
    entry.props("outlined dense hide-bottom-space").classes("full num")
    entry.props["aria-label"] = label
    if suffix:
        entry.props["suffix"] = suffix
    return entry


def choice_field(
    label: str,
    options: Mapping[Any, str],
    value: Any = None,
    *,
    hint: str = "",
    searchable: bool = False,
    on_change: Callable[[Any], Any] | None = None,
) -> ui.select:
    with field(label, hint):
        entry = ui.select(dict(options), value=value, with_input=searchable, on_change=on_change)
    entry.props("outlined dense options-dense hide-bottom-space").classes("full")
    entry.props["aria-label"] = label
    entry.props["dropdown-icon"] = icon_source("chevron-down")
    return entry


def search_field(placeholder: str, value: str, on_change: Callable[[Any], Any]) -> ui.input:
    """A search that runs while one types, reached by ``/``."""
    with ui.input(placeholder=placeholder, value=value, on_change=on_change) as entry, entry.add_slot("prepend"):
        icon("search")
    entry.props('outlined dense hide-bottom-space clearable debounce=250 data-key="/" type=search').classes("search")
    entry.props["aria-label"] = placeholder
    entry.props["clear-icon"] = icon_source("x")
    return entry


def fold(title: str, count: int = 0) -> ui.expansion:
    """A part of a form that most people need not open; ``count`` tells how much is in it."""
    around = ui.expansion(f"{title} ({count})" if count else title).classes("fold")
    around.props["expand-icon"] = icon_source("chevron-down")
    return around


class ShowsError(Protocol):
    """A field, or a part of a form, that tells what is wrong with it; None clears it."""

    error: str | None


class ErrorLine:
    """A part of a form that shows below itself what is wrong with it, and unfolds for that if it lies in a fold."""

    _fold: ui.expansion | None = None

    def _build_error(self) -> None:
        self._error = ui.label().classes("tiny bad-text keep")

    @property
    def error(self) -> str | None:
        return self._error.text or None

    @error.setter
    def error(self, message: str | None) -> None:
        self._error.text = message or ""
        if message and self._fold is not None:
            self._fold.set_value(True)


class FormErrors:
    """Puts each fault of an error beside the field it is about, and the rest at the top of the form."""

    def __init__(self) -> None:
        self._place = ui.element("div").classes("full")
        self._place.set_visibility(False)
        self._fields: dict[str, ShowsError] = {}

    def belongs(self, path: str, entry: ShowsError) -> None:
        """Faults at ``path`` or below it are shown at this field."""
        self._fields[path] = entry

    def clear(self) -> None:
        self._place.clear()
        self._place.set_visibility(False)
        for entry in self._fields.values():
            entry.error = None

    def show(self, error: StudioError) -> None:
        self.clear()
        homeless = [fault for fault in error.errors if not self._show_at_field(fault)]
        if homeless or not error.errors:
            self._place.set_visibility(True)
            with self._place:
                banner(words_for(error), "bad")

    def _show_at_field(self, fault: Fault) -> bool:
        fits = [path for path in self._fields if fault.path == path or fault.path.startswith(f"{path}.")]
        if not fits:
            return False
        self._fields[max(fits, key=len)].error = fault.message
        return True
