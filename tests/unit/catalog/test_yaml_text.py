import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexdeck.services.catalog.sources.text import MAX_SOURCE_BYTES, check_text, decode
from nexdeck.services.catalog.sources.yaml_text import read_yaml
from nexdeck.services.errors import SourceInvalid


def faults(source: str) -> list[str]:
    with pytest.raises(SourceInvalid) as caught:
        read_yaml(source)
    return [str(fault) for fault in caught.value.errors]


def test_values_are_plain_and_know_where_they_stood():
    document = read_yaml("name: x\nitems:\n  - {size: 2, when: 2026-01-31}\n  - yes\ntext: |\n  one\n  two\n")
    assert document.data == {
        "name": "x",
        "items": [{"size": 2, "when": "2026-01-31"}, "yes"],
        "text": "one\ntwo\n",
    }
    assert document.values["items", 0, "size"] == (3, 12)
    assert document.keys["items", 0, "size"] == (3, 6)
    assert document.values["items", 1] == (4, 5)


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("a: 1\na: 2", "line 2, column 1", "'a' is here twice"),
        ("a: &x 1\nb: *x", "line 1, column 4", "anchors are not supported"),
        ("a: *x", "line 1, column 4", "aliases are not supported; write the value of *x out"),
        ("a: !!python/object:os.system x", "line 1, column 4", "tags are not supported"),
        ("a: !!str 5", "line 1, column 4", "tags are not supported"),
        ("a: 1\n---\nb: 2", "line 2, column 1", "a second document begins here"),
        ("x: 1\n2: y", "line 2, column 1", 'must be text; put it in quotes: "2"'),
        ("? [a]\n: b", "line 1, column 3", "a key must be text"),
        ("- 1", "line 1, column 1", "start with keys and values"),
        ("# nothing\n", "line 1, column 1", "start with keys and values"),
        ("a: " + "[" * 50, "line 1, column 35", "nested too deeply"),
        ("a: b: c", "line 1, column 5", "mapping values are not allowed here"),
        ("a: [1", "line 1, column 6", "expected ',' or ']'"),
        ("a:\n\t- b", "line 2, column 1", "cannot start any token"),
        ("a: .inf", "line 1, column 4", "must be finite"),
        ("a: 9223372036854775808", "line 1, column 4", "too large"),
        ("a: " + "9" * 5000, "line 1, column 4", "cannot be read"),
        ('a: "\\ud800"', "line 1, column 4", "lone surrogate"),
        ('a: "\\x00"', "line 1, column 4", "NUL"),
        ("a: \x01", "line 1, column 4", "not allowed in YAML"),
        ('a: 1\nb: "\\UFFFFFFFF"', "line 2, column 5", "not a character"),
    ],
)
def test_what_is_refused_and_where(source, place, words):
    (fault,) = faults(source)
    assert fault.startswith(place)
    assert words in fault


def test_an_alias_bomb_is_refused_at_its_first_anchor():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    assert faults(bomb) == ["line 1, column 4: anchors are not supported; remove &a"]


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab1-:?[]{},&*!|>'\"%@`#\\ \n\txu0é~<=.") | st.characters(), max_size=40))
def test_any_text_is_read_or_refused_with_a_position(source):
    try:
        assert isinstance(read_yaml(source).data, dict)
    except SourceInvalid as error:
        assert error.errors and all(fault.line and fault.column for fault in error.errors)


def test_size_and_characters_are_checked_before_any_parser():
    with pytest.raises(SourceInvalid, match="The limit is 1 MB") as caught:
        check_text("é" * (MAX_SOURCE_BYTES // 2 + 1))
    assert caught.value.code == "too_large"
    for source, place in [("a\nb\0", (2, 2)), ("ab\ud800", (1, 3)), (" \n", (1, 1))]:
        with pytest.raises(SourceInvalid) as caught:
            check_text(source)
        assert (caught.value.errors[0].line, caught.value.errors[0].column) == place


def test_an_upload_must_be_utf8():
    assert decode("\ufeffname: é".encode()) == "name: é"
    with pytest.raises(SourceInvalid, match="not UTF-8") as caught:
        decode("a: é\nb: ".encode() + b"\xff")
    assert str(caught.value.errors[0]) == "line 2, column 4: byte 0xff is not UTF-8; save the file as UTF-8"
    with pytest.raises(SourceInvalid) as caught:
        decode(b"\xff" * (MAX_SOURCE_BYTES + 1))
    assert caught.value.code == "too_large"
