"""What differs between two answers."""

from hypothesis import given
from hypothesis import strategies as st

from nexdeck.services.rules.answer_diff import LONGEST_VALUE, MOST_DIFFERENCES, differences

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
)


def told(before: object, after: object) -> list[tuple]:
    return [(each.path, each.kind, each.before, each.after) for each in differences(before, after)]


def test_places_and_kinds_are_told():
    before = {"order": {"items": [{"price": 1}, 2], "old": None}, "same": [1]}
    after = {"order": {"items": [{"price": 1.5}], "new": "<b>"}, "same": [1]}
    assert told(before, after) == [
        ("order.items.0.price", "changed", "1", "1.5"),
        ("order.items.1", "removed", "2", None),
        ("order.old", "removed", "null", None),
        ("order.new", "added", None, '"<b>"'),
    ]


def test_true_is_not_one_and_kinds_are_not_mixed_up():
    assert told(True, 1) == [("", "changed", "true", "1")]
    assert told({"a": []}, {"a": {}}) == [("a", "changed", "[]", "{}")]


def test_there_are_bounds():
    found = differences(list(range(1000)), [])
    assert len(found) == MOST_DIFFERENCES
    assert len(differences("x" * 10_000, "y")[0].before) == LONGEST_VALUE + 1


@given(JSON, JSON)
def test_only_equal_answers_have_no_differences(before: object, after: object):
    assert differences(before, before) == []
    assert bool(differences(before, after)) == (repr_of(before) != repr_of(after))


def repr_of(value: object) -> object:
    """Equal for equal JSON values, whatever the order of their fields."""
    if isinstance(value, dict):
        return {name: repr_of(item) for name, item in value.items()}
    if isinstance(value, list):
        return [repr_of(item) for item in value]
    return (type(value).__name__, value)
