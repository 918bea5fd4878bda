"""Environment variables as rows of name and value."""

from collections.abc import Mapping
from dataclasses import dataclass

from nicegui import ui

from nexdeck.models.option_shape import Group, names_as_text, names_in
from nexdeck.models.option_table import BY_PATH
from nexdeck.pages.components.widgets.buttons import Button, icon_button
from nexdeck.pages.components.widgets.fields import ErrorLine, fold, text_field
from nexdeck.services.errors import Fault, InvalidInput


@dataclass
class _Row:
    element: ui.element
    name: ui.input
    value: ui.input


class VariablesForm(ErrorLine):
    def __init__(self, values: Mapping[str, str], inherited: list[str] | None) -> None:
        self._rows: list[_Row] = []
        with fold(Group.VARIABLES, len(values)) as self._fold:
            self._build(values)
            option, shown = BY_PATH["inherit_environment"], names_as_text(inherited)
            self._inherited = text_field(option.label, shown, hint=option.help, mono=True).mark("inherit-env")

    def _build(self, values: Mapping[str, str]) -> None:
        self._place = ui.element("div").classes("stack full")
        for name, value in values.items():
            self._add(name, value)
        with ui.element("div").classes("line"):
            Button("Add a variable", lambda: self._add("", ""), symbol="plus").classes("small")
        self._build_error()

    def read_inherited(self) -> list[str] | None:
        return names_in(self._inherited.value)

    def read(self) -> dict[str, str]:
        """Empty rows are left out. Raises InvalidInput for a name that is missing or stands twice."""
        values: dict[str, str] = {}
        for row in self._rows:
            name, value = (row.name.value or "").strip(), row.value.value or ""
            if not name and not value:
                continue
            if not name or name in values:
                message = f"{name} stands here twice; keep one." if name else f"The value {value[:20]!r} needs a name."
                raise InvalidInput("A variable is not valid.", errors=[Fault("options.environment", message)])
            values[name] = value
        return values

    def _add(self, name: str, value: str) -> None:
        with self._place, ui.element("div").classes("line top full") as element:
            row = _Row(element, _entry("NAME", name), _entry("value", value))
            icon_button("trash", "Remove this variable", lambda: self._remove(row))
        self._rows.append(row)

    def _remove(self, row: _Row) -> None:
        self._rows.remove(row)
        row.element.delete()


def _entry(placeholder: str, value: str) -> ui.input:
    entry = ui.input(value=value, placeholder=placeholder).classes("grow mono-input")
    entry.props("outlined dense hide-bottom-space spellcheck=false autocomplete=off")
    entry.props["aria-label"] = f"Variable {placeholder.lower()}"
    return entry
