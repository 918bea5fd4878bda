"""Fields of options, out of the table: what they are called, their units, and what they take."""

from typing import Any

from nicegui import ui

from nexdeck.models.option_shape import Group, Notation
from nexdeck.models.option_table import BY_PATH, OPTIONS
from nexdeck.models.options import DeploymentOptions, bounds_of
from nexdeck.pages.components.widgets.fields import FormErrors, number_field

NUMBERS = (Notation.COUNT, Notation.NUMBER)


def number_option(path: str, value: float | None) -> ui.number:
    option = BY_PATH[path]
    precision = 0 if option.notation is Notation.COUNT else None
    return number_field(
        option.label,
        value,
        hint=option.about if option.hint else "",
        suffix=option.unit,
        placeholder=option.unset,
        precision=precision,
        **bounds_of(path),
    )


def switch_option(path: str, value: bool) -> ui.switch:
    """Where its label alone would not tell enough: with what it means."""
    return ui.switch(BY_PATH[path].about.rstrip("."), value=value).mark(path)


class GroupFields:
    """All numbers and switches of a group."""

    def __init__(self, group: Group, options: DeploymentOptions, errors: FormErrors) -> None:
        mine = [option for option in OPTIONS if option.group is group]
        self._fields: dict[str, ui.number | ui.switch] = {}
        with ui.element("div").classes("fields"):
            for option in mine:
                if option.notation in NUMBERS:
                    self._fields[option.path] = entry = number_option(option.path, options.at(option.path))
                    errors.belongs(f"options.{option.path}", entry)
        for option in mine:
            if option.notation is Notation.SWITCH:
                self._fields[option.path] = switch_option(option.path, options.at(option.path))

    def read(self) -> dict[str, Any]:
        """As ``DeploymentOptions`` takes them, not yet checked."""
        values: dict[str, Any] = {}
        for path, entry in self._fields.items():
            group, _, name = path.rpartition(".")
            (values.setdefault(group, {}) if group else values)[name] = entry.value
        return values
