"""Faults of inputs and outputs, each with its place; and JSON that loses nothing."""

import math
from dataclasses import dataclass

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.app.gateway.agents.outputs import output_of, raise_if_failure
from nexdeck.app.gateway.agents.validation import LONGEST_MESSAGE, SchemaInvalid, Validator
from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.problems import GatewayProblem

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}}},
    "required": ["name", "tags"],
    "additionalProperties": False,
}
ANY = Validator({"type": "object"}, "outputs")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


def faults(schema: dict, value) -> dict[str, str]:
    return {error.path: error.message for error in Validator(schema, "inputs").errors(value)}


def test_every_fault_has_its_place():
    assert faults(PERSON, {"name": "x", "tags": []}) == {}
    assert faults(PERSON, {}) == {"inputs.name": "is required", "inputs.tags": "is required"}
    assert faults(PERSON, {"name": 1, "tags": ["a", "c"], "more": 1}).keys() == {
        "inputs.name",
        "inputs.tags.1",
        "inputs.more",
    }
    assert faults({"type": "object"}, []).keys() == {"inputs"}


def test_messages_stay_short_and_keep_their_reason():
    message = faults(PERSON, {"name": ["x" * 10_000], "tags": []})["inputs.name"]
    assert len(message) <= LONGEST_MESSAGE
    assert message.endswith("is not of type 'string'")


def test_a_schema_that_is_none_is_told():
    with pytest.raises(SchemaInvalid, match="inputs schema"):
        Validator({"type": "no such type"}, "inputs")


@given(JSON_VALUES)
def test_json_comes_back_as_it_went(value):
    assert json_text.parse(json_text.dump(value)) == value


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"a": Infinity}', b"\xff", b"[1,]", b"{'a': 1}"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(json_text.NotJson):
        json_text.parse(text)


def test_long_numbers_stay_exact():
    text = b'{"id": 123456789012345678901234567890}'
    assert orjson.loads(text)["id"] != json_text.parse(text)["id"] == 123456789012345678901234567890


def test_outputs_are_objects():
    @dataclass
    class Point:
        x: int

    assert output_of(Point(1), ANY).value == {"x": 1}
    assert output_of([Point(1)], ANY).value == {"result": [{"x": 1}]}
    assert output_of({"a": (1, 2)}, ANY).value == {"a": [1, 2]}
    assert output_of("text", ANY).text == b'{"result":"text"}'


@pytest.mark.parametrize("output", [{"a": object()}, {"a": {1: 2}}, {"a": b"bytes"}, {"name": math.nan}])
def test_outputs_that_do_not_fit_are_told(output):
    with pytest.raises(GatewayProblem) as told:
        output_of(output, Validator({"properties": {"name": {"type": "string"}}, "type": "object"}, "outputs"))
    assert (told.value.status_code, told.value.code) == (502, "invalid_output")


def test_kaizens_failures_are_failures_unless_they_are_declared():
    failure = {"success": False, "error": "why"}
    with pytest.raises(GatewayProblem, match="why"):
        raise_if_failure(failure, {})
    raise_if_failure(failure, {"properties": {"success": {"type": "boolean"}}})
    raise_if_failure({"success": False}, {})
    raise_if_failure({"error": "found in the text"}, {})
