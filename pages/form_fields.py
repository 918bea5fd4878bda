"""Which entry each input of an agent gets, and what its text means. Pure."""

import json
from dataclasses import dataclass
from enum import Enum, StrEnum
from math import isfinite
from typing import Any

from nexdeck.models.manifest import JsonSchema
from nexdeck.services.errors import Fault, InvalidInput

SHORT_TEXT = 120  # characters; a text that may be longer gets an entry that grows


class Control(StrEnum):
    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    JSON = "json"


class Absent(Enum):
    ABSENT = "the field is left out"


ABSENT = Absent.ABSENT
_BOOLEANS = (True, False)


@dataclass(frozen=True)
class FormField:
    """``start`` is what the entry holds at first: a text, a boolean for a switch, an index for a choice, or None."""

    name: str
    control: Control
    start: Any
    schema: JsonSchema
    required: bool
    nullable: bool
    whole: bool = False
    choices: tuple[Any, ...] = ()

    def value_of(self, entered: Any) -> Any:
        """What to send, or ABSENT. Raises InvalidInput at ``inputs.NAME``."""
        if self.control is Control.SWITCH:
            return bool(entered)
        if self.control is Control.CHOICE:
            return self.choices[entered] if isinstance(entered, int) else self._nothing()
        text = entered or ""
        is_text = self.control in (Control.LINE, Control.TEXT)
        if is_text and (text or (self.required and not self.nullable)):
            return text
        if not text.strip():
            return self._nothing()
        if self.control is Control.NUMBER:
            return self._number(text.strip())
        return self._json(text)

    def _nothing(self) -> Any:
        if not self.required:
            return ABSENT
        if self.nullable:
            return None
        raise self._fault("is required")

    def _number(self, text: str) -> int | float:
        try:
            number = json.loads(text)
        except ValueError:
            number = None
        if not isinstance(number, (int, float)) or isinstance(number, bool) or not isfinite(number):
            raise self._fault("must be a whole number" if self.whole else "must be a number")
        return number

    def _json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._fault(f"is not JSON: {error}") from None

    def _fault(self, message: str) -> InvalidInput:
        return InvalidInput("The inputs do not fit.", errors=[Fault(f"inputs.{self.name}", message)])


def form_fields(schema: JsonSchema, values: dict[str, Any]) -> list[FormField]:
    """One for each input; ``values`` fill them, else their defaults do."""
    required = schema.get("required", [])
    return [
        _field(name, part if isinstance(part, dict) else {}, values.get(name, ABSENT), name in required)
        for name, part in schema.get("properties", {}).items()
    ]


def _field(name: str, schema: JsonSchema, value: Any, required: bool) -> FormField:
    if value is ABSENT and schema.get("default") is not None:
        value = schema["default"]
    plain, nullable = _without_null(schema)
    kind, choices = plain.get("type"), plain.get("enum")
    whole = kind == "integer"
    is_switch = kind == "boolean" and not choices and not nullable
    if is_switch and (isinstance(value, bool) or (required and value is ABSENT)):
        return FormField(name, Control.SWITCH, value is True, schema, required, nullable)
    if choices or kind == "boolean":
        offered = tuple(choice for choice in choices or _BOOLEANS if choice is not None)
        same = [json.dumps(choice) for choice in offered]
        if value is ABSENT or value is None or json.dumps(value) in same:
            at = same.index(json.dumps(value)) if value is not ABSENT and value is not None else None
            return FormField(name, Control.CHOICE, at, schema, required, nullable, choices=offered)
    control = Control.JSON if choices else _control(plain)
    if value is not ABSENT and not (nullable if value is None else _holds(control, value)):
        control = Control.JSON
    return FormField(name, control, _text(control, value), schema, required, nullable, whole)


def _without_null(schema: JsonSchema) -> tuple[JsonSchema, bool]:
    """The schema of a value that is not null, where there is one, and whether null is allowed."""
    kind, options = schema.get("type"), schema.get("anyOf") or schema.get("oneOf")
    if isinstance(kind, list):
        others = [each for each in kind if each != "null"]
        return {**schema, "type": others[0] if len(others) == 1 else others}, "null" in kind
    if options and all(isinstance(option, dict) for option in options):
        others = [option for option in options if option.get("type") != "null"]
        return others[0] if len(others) == 1 else {}, len(others) < len(options)
    return schema, False


def _control(schema: JsonSchema) -> Control:
    match schema.get("type"):
        case "integer" | "number":
            return Control.NUMBER
        case "string":
            is_short = "format" in schema or schema.get("maxLength", SHORT_TEXT + 1) <= SHORT_TEXT
            return Control.LINE if is_short else Control.TEXT
    return Control.JSON


def _holds(control: Control, value: Any) -> bool:
    if control is Control.NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return control is Control.JSON or isinstance(value, str)


def _text(control: Control, value: Any) -> str:
    if value is ABSENT or (value is None and control is not Control.JSON):
        return ""
    return value if control in (Control.LINE, Control.TEXT) else json.dumps(value, indent=2, ensure_ascii=False)
