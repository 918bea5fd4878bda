"""Which changes of an agent's inputs and outputs break its callers."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nexdeck.models.options import DeploymentOptions
from nexdeck.services.rules.contract import Side, compare_doors, compare_schemas

TEXT, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}
ITEM = {"type": "object", "properties": {"price": NUMBER}, "required": ["price"], "additionalProperties": False}


def fields(required: tuple[str, ...] = (), is_open: bool = False, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": is_open}
    return schema | ({"required": list(required)} if required else {})


# what holds before, what holds after, whether that breaks callers as inputs, and as outputs
CHANGES = {
    "field removed": (fields(a=TEXT), fields(), True, True),
    "field removed from an open object": (fields(a=TEXT, is_open=True), fields(is_open=True), False, True),
    "required field added": (fields(), fields(("a",), a=TEXT), True, False),
    "optional field added": (fields(), fields(a=TEXT), False, False),
    "field added to an open object": (fields(is_open=True), fields(a=TEXT, is_open=True), True, False),
    "optional became required": (fields(a=TEXT), fields(("a",), a=TEXT), True, False),
    "required became optional": (fields(("a",), a=TEXT), fields(a=TEXT), False, True),
    "type widened": (fields(a=INTEGER), fields(a=NUMBER), False, True),
    "type narrowed": (fields(a=NUMBER), fields(a=INTEGER), True, False),
    "type replaced": (fields(a=NUMBER), fields(a=TEXT), True, True),
    "null added": (fields(a=TEXT), fields(a={"type": ["string", "null"]}), False, True),
    "typed at last": (fields(a={}), fields(a=TEXT), True, False),
    "value removed": (fields(a={"enum": ["x", "y"]}), fields(a={"enum": ["x"]}), True, False),
    "value added": (fields(a={"enum": ["x"]}), fields(a={"enum": ["x", "y"]}), False, True),
    "values freed": (fields(a={"enum": ["x"]}), fields(a=TEXT), False, True),
    "bound tightened": (fields(a={**TEXT, "maxLength": 9}), fields(a={**TEXT, "maxLength": 8}), True, False),
    "bound loosened": (fields(a={**INTEGER, "minimum": 1}), fields(a={**INTEGER, "minimum": 0}), False, True),
    "bound excluded": (fields(a={**NUMBER, "minimum": 0}), fields(a={**NUMBER, "exclusiveMinimum": 0}), True, False),
    "pattern added": (fields(a=TEXT), fields(a={**TEXT, "pattern": "^x"}), True, False),
    "pattern changed": (fields(a={**TEXT, "pattern": "^x"}), fields(a={**TEXT, "pattern": "^y"}), True, True),
    "default changed": (fields(a={**TEXT, "default": "x"}), fields(a={**TEXT, "default": "y"}), False, False),
    "items narrowed": (
        fields(a={"type": "array", "items": NUMBER}),
        fields(a={"type": "array", "items": INTEGER}),
        True,
        False,
    ),
    "nested field removed": (
        fields(a={"type": "array", "items": ITEM}),
        fields(a={"type": "array", "items": fields()}),
        True,
        True,
    ),
    "alternative added": (fields(a=TEXT), fields(a={"anyOf": [TEXT, ITEM]}), False, True),
    "alternative removed": (fields(a={"anyOf": [TEXT, ITEM]}), fields(a=TEXT), True, False),
    "definition narrowed": (
        fields(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": NUMBER}},
        fields(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": INTEGER}},
        True,
        False,
    ),
    "rule that nobody can class": (
        fields(a={"oneOf": [TEXT, NUMBER]}),
        fields(a={"oneOf": [TEXT, INTEGER]}),
        True,
        True,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_told_and_classed(name: str) -> None:
    before, after, breaks_inputs, breaks_outputs = CHANGES[name]
    for side, breaks in ((Side.INPUTS, breaks_inputs), (Side.OUTPUTS, breaks_outputs)):
        changes = compare_schemas(side, before, after)
        assert changes, "a change that is not told"
        assert any(change.breaking for change in changes) == breaks, changes
        assert all(change.path.startswith(side.value) for change in changes)


def test_a_change_names_its_place_and_says_what_in_words() -> None:
    before = fields(("cart",), cart={"type": "array", "items": ITEM}, note={**TEXT, "maxLength": 80})
    cheaper = {**ITEM, "properties": {"price": {**NUMBER, "maximum": 5}}}
    after = fields(("cart", "who"), cart={"type": "array", "items": cheaper}, note=TEXT, who=TEXT)
    said = [(change.path, change.what, change.breaking) for change in compare_schemas(Side.INPUTS, before, after)]
    assert said == [
        ("inputs.cart[].price", "maximum 5 (was none)", True),
        ("inputs.who", "is new and required", True),
        ("inputs.note", "longest length none (was 80)", False),
    ]


def test_words_for_people_are_no_change() -> None:
    before = fields(a={**TEXT, "description": "one", "title": "A"}, description=TEXT) | {"description": "it"}
    after = fields(a={**TEXT, "examples": ["x"]}, description=TEXT)
    assert compare_schemas(Side.INPUTS, before, after) == compare_schemas(Side.OUTPUTS, before, after) == []


def test_the_same_alternatives_in_another_order_are_no_breaking_change() -> None:
    before, after = fields(a={"anyOf": [TEXT, ITEM]}), fields(a={"anyOf": [ITEM, TEXT]})
    assert not any(change.breaking for change in compare_schemas(Side.INPUTS, before, after))


@pytest.mark.parametrize("size", [1, 5])
def test_schemas_that_refer_to_themselves_come_to_an_end(size: int) -> None:
    """Each definition refers to all others, which followed one by one would take for ever."""
    names = [f"N{number}" for number in range(size)]
    loop = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}
    node = {"type": "object", "properties": {name: loop for name in names}}
    before = fields(root=loop) | {"$defs": {name: node for name in names}}
    after = fields(root=loop) | {"$defs": {name: {**node, "required": ["x"]} for name in names}}
    assert compare_schemas(Side.INPUTS, before, before) == []
    assert any(change.breaking for change in compare_schemas(Side.INPUTS, before, after))
    endless = fields(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert compare_schemas(Side.INPUTS, endless, endless) == []


def test_a_channel_less_or_a_key_more_breaks_callers() -> None:
    every, api = DeploymentOptions(), DeploymentOptions(channels=["api"], require_key=True)
    assert [(c.path, c.breaking) for c in compare_doors(every, api)] == [
        ("channels.cli", True),
        ("channels.mcp", True),
        ("require_key", True),
    ]
    assert not any(change.breaking for change in compare_doors(api, every))
    assert compare_doors(every, every) == []


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab", 0.5, 1.0])
NAMES = st.sampled_from(["a", "b", "c"])
BOUNDS = st.integers(-2, 3)
SIZES = st.integers(0, 3)
LEAVES = st.one_of(
    st.booleans(),
    st.fixed_dictionaries({}, optional={"type": st.sampled_from(["string", "null", "boolean"]), "minLength": SIZES}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number", ["integer", "null"], ["string", "number"]])},
        optional={"minimum": BOUNDS, "exclusiveMaximum": BOUNDS, "maxLength": SIZES, "default": SCALARS},
    ),
    st.fixed_dictionaries({"enum": st.lists(SCALARS, min_size=1, max_size=3)}),
    st.sampled_from([{"const": 1}, {"pattern": "a"}, {"not": TEXT}, {"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]),
)


def _larger(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("array")}, optional={"items": inner, "maxItems": SIZES}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        _objects(inner),
    )


def _objects(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
        optional={
            "required": st.lists(NAMES, unique=True, max_size=2),
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(st.just("^[ab]"), inner, max_size=1),
            "minProperties": SIZES,
        },
    )


PARTS = st.recursive(LEAVES, _larger, max_leaves=4)
INPUTS = st.builds(lambda schema, a, b: schema | {"$defs": {"A": a, "B": b}}, _objects(PARTS), LEAVES, PARTS).filter(
    lambda schema: not _chases_itself(schema["$defs"])
)
VALUES = st.dictionaries(
    NAMES,
    st.recursive(SCALARS, lambda v: st.lists(v, max_size=2) | st.dictionaries(NAMES, v, max_size=2), max_leaves=4),
    max_size=3,
)


def _chases_itself(definitions: dict[str, Any]) -> bool:
    """A definition that is reached from itself: jsonschema would follow it without end."""
    return any("$ref" in str(definition) for definition in definitions.values())


@given(INPUTS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_a_schema_does_not_differ_from_itself(schema: dict[str, Any]) -> None:
    assert compare_schemas(Side.INPUTS, schema, schema) == compare_schemas(Side.OUTPUTS, schema, schema) == []


@given(INPUTS, st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_whatever_is_refused_where_it_was_accepted_is_a_breaking_change(
    live: dict[str, Any], data: st.DataObject
) -> None:
    new = data.draw(INPUTS | _altered(live))
    values = data.draw(st.lists(VALUES, min_size=5, max_size=5))
    accepts_live, accepts_new = Draft202012Validator(live).is_valid, Draft202012Validator(new).is_valid
    refused = [value for value in values if accepts_live(value) and not accepts_new(value)]
    if refused:
        assert any(change.breaking for change in compare_schemas(Side.INPUTS, live, new)), refused


def _altered(schema: dict[str, Any]) -> st.SearchStrategy:
    """The schema with one of its fields or rules replaced, so that the two have much in common."""
    replaced = st.dictionaries(NAMES, PARTS, min_size=1, max_size=1).map(
        lambda fields: schema | {"properties": schema["properties"] | fields}
    )
    return replaced | _objects(PARTS).map(lambda other: schema | {k: v for k, v in other.items() if k != "properties"})
