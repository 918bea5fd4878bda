"""Forms from schemas: what is filled in and sent again unchanged arrives as it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.manifest import JsonSchema
from nexdeck.pages.form_fields import ABSENT, Control, FormField, form_fields
from nexdeck.services.errors import InvalidInput


def the_field(schema: JsonSchema, value: Any = ABSENT, *, required: bool = False) -> FormField:
    around = {"type": "object", "properties": {"it": schema}, "required": ["it"] if required else []}
    (field,) = form_fields(around, {} if value is ABSENT else {"it": value})
    return field


@pytest.mark.parametrize(
    ("schema", "control"),
    [
        ({"type": "string"}, Control.TEXT),
        ({"type": "string", "maxLength": 40}, Control.LINE),
        ({"type": "string", "format": "date"}, Control.LINE),
        ({"type": "integer"}, Control.NUMBER),
        ({"type": ["number", "null"]}, Control.NUMBER),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Control.NUMBER),
        ({"type": "boolean", "default": False}, Control.SWITCH),
        ({"type": "boolean"}, Control.CHOICE),
        ({"enum": ["a", "b"]}, Control.CHOICE),
        ({"type": "array", "items": {"type": "string"}}, Control.JSON),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, Control.JSON),
        ({}, Control.JSON),
        (True, Control.JSON),
    ],
)
def test_each_type_gets_its_entry(schema: JsonSchema, control: Control) -> None:
    assert the_field(schema).control is control


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
SCHEMAS = st.sampled_from(
    [
        {},
        *({"type": kind} for kind in ("string", "integer", "number", "boolean", "array", "object")),
        {"type": ["string", "null"]},
        {"enum": ["a", 1, None, True]},
        {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    ]
)


@given(schema=SCHEMAS, value=JSON_VALUES, required=st.booleans())
def test_what_is_shown_is_what_is_sent(schema: JsonSchema, value: Any, required: bool) -> None:
    """Whether it fits the schema or not; an empty text or null may be left out, or told where it is required."""
    field = the_field(schema, value, required=required)
    try:
        sent = field.value_of(field.start)
    except InvalidInput as error:
        assert (value, error.errors[0].path) == (None, "inputs.it")
        return
    if sent is ABSENT:
        assert value is None or value == ""
    elif value != "" or sent is not None:
        assert json.dumps(sent) == json.dumps(value)


def test_nothing_entered_is_left_out_or_null_or_told() -> None:
    assert the_field({"type": "string"}).value_of("") is ABSENT
    assert the_field({"type": "string"}, required=True).value_of("") == ""
    assert the_field({"type": ["integer", "null"]}, required=True).value_of("") is None
    with pytest.raises(InvalidInput, match="do not fit") as refusal:
        the_field({"type": "integer"}, required=True).value_of(" ")
    assert refusal.value.errors[0].message == "is required"


@pytest.mark.parametrize(("schema", "text"), [({"type": "integer"}, "two"), ({"type": "number"}, "NaN"), ({}, "{")])
def test_what_is_no_value_is_told_at_its_field(schema: JsonSchema, text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        the_field(schema).value_of(text)
    assert refusal.value.errors[0].path == "inputs.it"


def test_defaults_fill_what_the_sample_leaves_out() -> None:
    assert the_field({"type": "integer", "default": 3}).start == "3"
    assert the_field({"enum": ["a", "b"], "default": "b"}).start == 1
    assert the_field({"type": "string", "default": "x"}, "y").start == "y"


def test_integers_stay_exact() -> None:
    assert the_field({"type": "integer"}).value_of("123456789012345678901234567890") == 123456789012345678901234567890
