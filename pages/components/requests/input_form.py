"""A form for an agent's inputs, drawn from their schema; as JSON for what a form cannot say."""

import json
from collections.abc import Callable
from typing import Any

from nicegui import ui

from nexdeck.models.manifest import JsonSchema
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.code_editor import code_editor
from nexdeck.pages.components.widgets.fields import ErrorLine, FormErrors, choice_field, field, text_field
from nexdeck.pages.form_fields import ABSENT, Control, FormField, form_fields
from nexdeck.services.errors import Fault, InvalidInput, StudioError

DEBOUNCE = "debounce=300"


class JsonEntry(ErrorLine):
    """An editor that can tell what is wrong with it, as the other entries can."""

    def __init__(self, label: str, text: str, height: int, on_change: Callable[[], None]) -> None:
        self._editor = code_editor(text, "json", label, height=height, on_change=lambda _: on_change())
        self._build_error()

    @property
    def value(self) -> str:
        return self._editor.value or ""


class InputForm:
    """``read`` gives the inputs, whichever way they are entered; ``on_change`` is told when they may have changed."""

    def __init__(self, schema: JsonSchema, values: dict[str, Any], on_change: Callable[[], None]) -> None:
        self._schema = schema
        self._on_change = on_change
        self._fields: list[tuple[FormField, Any]] = []
        self._json: JsonEntry | None = None
        with ui.element("div").classes("line full"):
            ui.label("Inputs").classes("label strong grow")
            self._mode = Button("As JSON", self._turn, kind="quiet").classes("small")
        self._place = ui.element("div").classes("stack full")
        self._is_form = bool(schema.get("properties"))
        self._mode.set_visibility(self._is_form)
        self.fill(values)

    def fill(self, values: dict[str, Any]) -> None:
        self._fields, self._json = [], None
        self._mode.text = "As JSON" if self._is_form else "As a form"
        self._place.clear()
        with self._place:
            self.errors = FormErrors()
            if self._is_form:
                self._fields = [(each, self._entry(each)) for each in form_fields(self._schema, values)]
            else:
                text = json.dumps(values, indent=2, ensure_ascii=False)
                self._json = JsonEntry("Inputs as JSON", text, 220, self._on_change)
                self.errors.belongs("inputs", self._json)

    def read(self) -> dict[str, Any]:
        """Raises InvalidInput with every fault that keeps this from being JSON; the gateway judges the rest."""
        if self._json is not None:
            return _object(self._json.value)
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for each, entry in self._fields:
            try:
                value = each.value_of(entry.value)
            except InvalidInput as error:
                faults += error.errors
                continue
            if value is not ABSENT:
                values[each.name] = value
        if faults:
            raise InvalidInput("The inputs do not fit.", errors=faults)
        return values

    def _turn(self) -> None:
        try:
            values = self.read()
        except StudioError as error:
            self.errors.show(error)
            return
        self._is_form = not self._is_form
        self.fill(values)
        self._on_change()

    def _entry(self, each: FormField) -> Any:
        entry = self._build(each)
        if not isinstance(entry, ui.switch):
            self.errors.belongs(f"inputs.{each.name}", entry)
        return entry.mark(f"input-{each.name}") if isinstance(entry, ui.element) else entry

    def _build(self, each: FormField) -> Any:
        label, hint = _label(each), each.schema.get("description", "")

        def changed(_: Any = None) -> None:
            self._on_change()

        match each.control:
            case Control.SWITCH:
                with field(label, hint):
                    entry = ui.switch(value=each.start, on_change=changed)
                entry.props["aria-label"] = label
                return entry
            case Control.CHOICE:
                options: dict[Any, str] = {} if each.required and not each.nullable else {None: "not set"}
                options |= {index: _choice_text(choice) for index, choice in enumerate(each.choices)}
                return choice_field(label, options, each.start, hint=hint, on_change=changed)
            case Control.TEXT:
                with field(label, hint):
                    entry = ui.textarea(value=each.start, on_change=changed)
                entry.props(f"outlined dense autogrow hide-bottom-space spellcheck=false {DEBOUNCE}").classes("full")
                entry.props["aria-label"] = label
                return entry
            case Control.JSON:
                with field(label, hint, group=True):
                    return JsonEntry(label, each.start, _height(each.start), self._on_change)
        return text_field(label, each.start, hint=hint, on_change=changed).props(DEBOUNCE)


def _label(each: FormField) -> str:
    notes = [*(["JSON"] if each.control is Control.JSON else []), *([] if each.required else ["optional"])]
    return f"{each.name} ({', '.join(notes)})" if notes else each.name


def _height(text: str) -> int:
    """Pixels for a text of few lines; a longer one scrolls."""
    return min(max(text.count("\n") + 1, 2), 10) * 21 + 10


def _choice_text(choice: Any) -> str:
    return choice if isinstance(choice, str) and choice else json.dumps(choice, ensure_ascii=False)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            "The inputs are not JSON.", errors=[Fault("inputs", f"This is not JSON: {error}.")]
        ) from None
    if not isinstance(value, dict):
        raise InvalidInput("The inputs are no object.", errors=[Fault("inputs", "It has to be an object: { … }.")])
    return value
