"""An orchestration's texts, too, enter its module only as literals."""

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from nexdeck.models.orchestration import OrchestrationSpec, StepSpec
from nexdeck.services.catalog.codegen.orchestration import Member, orchestration_module
from nexdeck.services.catalog.codegen.wiring import FromInput, FromStep, Value, Wire, Wiring
from tests.unit.catalog.strategies import json_values, long_texts, texts
from tests.unit.catalog.test_codegen import shape_of

MODULE = "def agent(**inputs):\n    return inputs\n"


def module_of(text: str, value: object, source: str, pattern: str) -> str:
    """Two steps of one member, with ``text`` and ``value`` wherever an author's words can go."""
    steps = [StepSpec(agent="echo", id="a"), StepSpec(agent="echo", id="b")]
    spec = OrchestrationSpec(kind="orchestration", name="x", description=text, pattern=pattern, steps=steps)
    wires = [Wire(text, Value(value), True), Wire("from input " + text, FromInput(text), False)]
    later = [Wire("from step " + text, FromStep("a", text, False), True)] if pattern == "sequential" else []
    schema = {"type": "object", "properties": {text: {"description": text}}}
    outputs = {text: FromStep("b", text, True), "value " + text: Value(value)}
    wiring = Wiring({"a": wires, "b": [*wires, *later]}, outputs, schema, schema)
    label = "echo@1.0.0"
    return orchestration_module(spec, wiring, [label, label], [Member(label, source, "agent")], {text: value})


@settings(max_examples=60)
@given(texts.filter(bool), json_values, long_texts, st.sampled_from(["sequential", "parallel"]))
def test_hostile_texts_change_no_statement(text, value, source, pattern):
    module = module_of(text, value, source, pattern)
    assert shape_of(module) == shape_of(module_of("x", "x", MODULE, pattern))
    constants = {node.targets[0].id: node.value for node in ast.parse(module).body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(constants["SOURCE_1"]) == source
    assert ast.literal_eval(constants["SAMPLE"]) == {text: value}
