"""``key=value`` words become typed inputs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.values import read_json, read_pairs

FIELDS: dict[str, Any] = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "ratio": {"type": "number"},
    "deep": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "extra": {"type": "object"},
    "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "note": {"type": ["string", "null"]},
    "mode": {"enum": ["fast", "slow", 3, None]},
    "level": {"$ref": "#/$defs/Level"},
    "anything": {},
}
SCHEMA = {
    "type": "object",
    "properties": FIELDS,
    "additionalProperties": False,
    "$defs": {"Level": {"type": "integer", "minimum": 0}},
}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("text=3", "3"),
        ("text=", ""),
        ("text=a=b", "a=b"),
        ("text=true", "true"),
        ("text=null", "null"),
        ('text={"a": 1}', '{"a": 1}'),
        ("text= spaced ", " spaced "),
        ("text=Grüße 🦊", "Grüße 🦊"),
        ("count=3", 3),
        ("count=-3", -3),
        ("ratio=0.5", 0.5),
        ("ratio=1e3", 1000.0),
        ("ratio=2", 2),
        ("deep=true", True),
        ("deep=YES", True),
        ("deep=1", True),
        ("deep=no", False),
        ("deep=0", False),
        ('tags=["a", "b"]', ["a", "b"]),
        ('extra={"a": [1]}', {"a": [1]}),
        ("maybe=4", 4),
        ("maybe=null", None),
        ("note=null", None),
        ("note=hello", "hello"),
        ("mode=slow", "slow"),
        ("mode=3", 3),
        ("mode=null", None),
        ("level=2", 2),
        ("anything=as it is", "as it is"),
    ],
)
def test_values_take_the_type_that_the_schema_says(word: str, value: Any) -> None:
    found = next(iter(read_pairs([word], SCHEMA).values()))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        "count=three",
        "count=1.5",
        "count=1_000",
        "count=",
        "count=" + "9" * 5000,
        "ratio=nan",
        "ratio=inf",
        "ratio=x",
        "deep=maybe",
        "tags=a,b",
        'tags={"a": 1}',
        "extra=[1]",
        "maybe=x",
        "level=high",
    ],
)
def test_values_of_another_type_are_refused_by_name(word: str) -> None:
    with pytest.raises(CliError) as caught:
        read_pairs([word], SCHEMA)
    assert caught.value.exit_code is ExitCode.USAGE
    assert word.partition("=")[0] in caught.value.problem["detail"]
    assert len(caught.value.problem["detail"]) < 400


def test_an_unknown_name_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(CliError) as caught:
        read_pairs(["cuont=3"], SCHEMA)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "count" in caught.value.hint


def test_an_agent_that_takes_any_names_gets_them_as_texts() -> None:
    assert read_pairs(["other=3"], {"type": "object", "properties": {}}) == {"other": "3"}


@pytest.mark.parametrize("words", [["text"], ["text=a", "text=b"]])
def test_words_that_are_no_pairs_are_refused(words: list[str]) -> None:
    with pytest.raises(CliError):
        read_pairs(words, SCHEMA)


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}]}}}
    assert read_pairs(["a=x"], schema) == {"a": "x"}


@given(st.text())
def test_a_text_arrives_as_it_was_written(text: str) -> None:
    assert read_pairs([f"text={text}"], SCHEMA) == {"text": text}


@given(
    st.integers()
    | st.booleans()
    | st.lists(st.integers())
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
)
def test_what_json_prints_is_read_back_where_no_text_is_allowed(value: Any) -> None:
    field = {"type": ["integer", "number", "array", "null"] if not isinstance(value, bool) else "boolean"}
    assert read_pairs([f"x={json.dumps(value)}"], {"properties": {"x": field}}) == {"x": value}


def test_inputs_come_from_a_text_or_a_file(tmp_path) -> None:
    file = tmp_path / "inputs.json"
    file.write_text('{"text": "Grüße"}', encoding="utf-8")
    assert read_json(f"@{file}", "--input") == read_json('{"text": "Grüße"}', "--input") == {"text": "Grüße"}


@pytest.mark.parametrize(
    "argument", ["[1]", "{", "", "@/no/such/file", "[" * 100_000, "{'a': 1}", '{"a": ' + "9" * 5000 + "}"]
)
def test_inputs_that_are_no_json_object_are_refused(argument: str) -> None:
    with pytest.raises(CliError) as caught:
        read_json(argument, "--input")
    assert caught.value.exit_code is ExitCode.USAGE
    assert "--input" in caught.value.problem["detail"]
