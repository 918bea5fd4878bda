import pytest

from nexdeck.models.manifest import CHUNKS_KEYWORD
from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.python_agent.source import read_python
from nexdeck.services.errors import SourceInvalid


def read(source: str, filename: str = "my_agent.py") -> VersionDraft:
    return read_python(filename, source)


def faults(source: str) -> list[str]:
    with pytest.raises(SourceInvalid) as caught:
        read(source)
    return [str(fault) for fault in caught.value.errors]


FUNCTION = '''
from __future__ import annotations
import os
from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired, TypedDict

__version__ = "2.1.0"
Level = Literal["low", "high"]

class Item(TypedDict):
    """A line.

    Attributes:
        price: In euros
    """
    price: float
    note: NotRequired[str]

@dataclass
class Bill:
    total: float
    items: list[Item]
    before: "Bill | None" = None

async def bill(items: list[Item], level: Level = "low", note: Annotated[str, "A note"] = "-",
               limit: int | None = None, *, rates: dict[str, float] = {}, **rest) -> Bill:
    """Add things up.

    Args:
        items: What was bought
        limit: The limit

    Returns:
        The bill.
    """
    os.environ["KEY"], os.environ.get("MAYBE"), os.getenv("PERHAPS")
'''


def test_a_function_gives_its_schemas_from_hints_and_docstring():
    draft = read(FUNCTION)
    assert (draft.name, draft.version, draft.description) == ("my-agent", "2.1.0", "Add things up.")
    assert draft.module == draft.source == FUNCTION
    assert draft.input_schema["required"] == ["items"]
    assert draft.input_schema["additionalProperties"] is True
    assert draft.input_schema["properties"] == {
        "items": {
            "type": "array",
            "description": "What was bought",
            "items": {
                "type": "object",
                "properties": {"price": {"type": "number", "description": "In euros"}, "note": {"type": "string"}},
                "additionalProperties": False,
                "required": ["price"],
            },
        },
        "level": {"type": "string", "enum": ["low", "high"], "default": "low"},
        "note": {"type": "string", "description": "A note", "default": "-"},
        "limit": {"type": ["integer", "null"], "description": "The limit"},
        "rates": {"type": "object", "additionalProperties": {"type": "number"}, "default": {}},
    }
    assert draft.output_schema["description"] == "The bill."
    assert draft.output_schema["required"] == ["total", "items"]
    assert draft.output_schema["properties"]["before"] == {"type": ["object", "null"]}
    assert draft.sample == {"items": [{"price": 1.5}]}
    assert (draft.secrets, draft.suggested_secrets) == (["KEY"], ["MAYBE", "PERHAPS"])


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        ("str", {"type": "string"}),
        ("Optional[int]", {"type": ["integer", "null"]}),
        ("Union[int, str]", {"type": ["integer", "string"]}),
        ("'list[bool]'", {"type": "array", "items": {"type": "boolean"}}),
        ("typing.List[str] | None", {"type": ["array", "null"], "items": {"type": "string"}}),
        ("tuple[int, str]", {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}),
        ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        ("dict", {"type": "object"}),
        ("Any", {}),
        ("Unheard.of[1, 2]", {}),
        ("Literal[1, 'a']", {"enum": [1, "a"]}),
        ("Literal['a'] | None", {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        ("Annotated[int, Field(description='d')]", {"type": "integer", "description": "d"}),
        ("list[", {}),
    ],
)
def test_hints(hint, schema):
    quoted = hint if hint.count("[") == hint.count("]") else repr(hint)
    found = read(f"def agent(x: {quoted}): ...").input_schema["properties"]["x"]
    assert {key: found.get(key) for key in schema} == schema
    assert bool(found) == bool(schema)


@pytest.mark.parametrize(
    ("returns", "properties"),
    [
        (" -> int", {"result": {"type": "integer"}}),
        (" -> list[str]", {"result": {"type": "array", "items": {"type": "string"}}}),
        (" -> None", {"result": {"type": "null"}}),
        ("", None),
        (" -> dict", None),
        (" -> dict | None", None),
        (" -> Any", None),
    ],
)
def test_what_is_no_object_becomes_a_result(returns, properties):
    schema = read(f"def agent(){returns}: ...").output_schema
    assert schema.get("properties") == properties
    assert schema["type"] == "object"


def test_a_base_agent_speaks_through_its_signature():
    draft = read(
        "class Ask(Signature):\n"
        '    """Answers."""\n'
        '    question: str = InputField(description="What to answer")\n'
        '    language: str = InputField("Language", default="en")\n'
        '    answer: str = OutputField(desc="The answer")\n'
        "class Asker(BaseAgent):\n"
        "    def __init__(self): super().__init__(signature=Ask())\n"
        "def build_prompt(): ...\n"  # a plain function beside a single agent is no candidate
    )
    assert draft.description == "Answers."
    assert draft.input_schema["required"] == ["question"]
    assert draft.input_schema["properties"]["language"] == {
        "type": "string", "description": "Language", "default": "en",
    }  # fmt: skip
    assert draft.output_schema["properties"] == {"answer": {"type": "string", "description": "The answer"}}


def test_a_base_agent_with_named_parameters_speaks_through_them():
    draft = read("class A(BaseAgent):\n  async def run_async(self, x: int) -> str: ...\nagent = A()\n")
    assert draft.input_schema["properties"] == {"x": {"type": "integer"}}
    assert draft.output_schema["properties"] == {"result": {"type": "string"}}


def test_a_workflow_takes_what_it_maps():
    draft = read('agent = WorkflowBuilder()\nagent.add_workflow_inputs("n", {"text": "t"})\nSAMPLE = {"text": "x"}\n')
    assert draft.input_schema["required"] == ["text"]
    assert draft.sample == {"text": "x"}
    assert read("def build() -> WorkflowBuilder: ...\nagent = build()\n").input_schema["additionalProperties"] is True


def test_written_schemas_override_what_is_read():
    draft = read(
        'agent = make()\nINPUTS = {"type": "object", "properties": {"n": {"type": "integer"}}}\n'
        'OUTPUTS = {"type": "object"}\nSECRETS = ["TOKEN"]\n'
    )
    assert draft.input_schema["properties"] == {"n": {"type": "integer"}}
    assert draft.output_schema == {"type": "object"}
    assert draft.secrets == ["TOKEN"]


@pytest.mark.parametrize(
    ("hint", "chunk", "answer"),
    [
        ("AsyncIterator[str]", {"type": "string"}, {"result": {"type": "string"}}),
        ("'AsyncGenerator[str, None]'", {"type": "string"}, {"result": {"type": "string"}}),
        ("Iterator[int]", {"type": "integer"}, {"result": {"type": "integer"}}),
        ("AsyncIterator[str | Found]", None, {"n": {"type": "integer"}}),
        ("Generator[Found, None, None]", None, {"n": {"type": "integer"}}),
        ("AsyncIterator", {}, None),
        ("list[str]", {}, None),
    ],
)
def test_pieces_that_are_yielded_tell_what_the_answer_is(hint, chunk, answer):
    source = f"class Found(TypedDict):\n  n: int\nasync def agent(a: int) -> {hint}:\n  yield a\n"
    outputs = read(source).output_schema
    assert outputs.get("properties") == answer
    assert CHUNKS_KEYWORD in outputs
    if chunk is not None:
        assert outputs[CHUNKS_KEYWORD] == chunk
    assert CHUNKS_KEYWORD not in read("def agent(a: int):\n  return [(yield_ for yield_ in 'a')]\n").output_schema
    kept = read(source + "OUTPUTS = {'type': 'object', 'title': 'mine'}\n").output_schema
    assert (kept["title"], CHUNKS_KEYWORD in kept) == ("mine", True)


_INPUTS = "def f(): ...\nINPUTS = {'type': 'object', 'properties': {'a': {%s}}, 'required': ['a']}\n"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("def f(:\n  pass", ["line 1, column 7: invalid syntax"]),
        ("x = 1", ["line 1, column 1: define a function, a BaseAgent subclass or a WorkflowBuilder"]),
        ("def a(): ...\n\ndef b(): ...", ["line 1, column 1: a: a could be", "line 3, column 1: b: b could be"]),
        ("from x import agent", ["line 1, column 1: `agent` is imported"]),
        ("agent = 3", ["line 1, column 9: agent: `agent` must be a function"]),
        ("agent = agent2\nagent2 = agent", ["`agent` must be a function"]),
        ("def f(*args): ...", ["line 1, column 8: args: *args has no name"]),
        ("def f(a, /): ...", ["line 1, column 7: a: inputs are passed by name"]),
        ("class C(Enum):\n  A = 1\ndef f(c: C): ...", ["line 3, column 10: C cannot be the type of an input"]),
        ("def f(when: datetime): ...", ["line 1, column 13: datetime cannot be the type of an input"]),
        ("__version__ = '1'\ndef f(): ...", ['line 1, column 15: __version__: "1" is not a semantic version']),
        ("def f(a: int): ...\nSAMPLE = {'a': 'x'}", ["line 2, column 10: SAMPLE.a: the sample does not match"]),
        ("def f(): ...\nSAMPLE = dict()", ["SAMPLE must be a dict written out here"]),
        ("def f(): ...\nSAMPLE = {'x': {1}}", ["SAMPLE: set is not a JSON value"]),
        ("def f(): ...\nINPUTS = {'type': 3}", ["INPUTS cannot be used: it is not a valid JSON Schema"]),
        ("def f(): ...\nINPUTS = {'type': 'string'}", ["INPUTS cannot be used: it must be the schema of an object"]),
        (_INPUTS % "'$ref': 'http://127.0.0.1:1/x'", ["$ref 'http://127.0.0.1:1/x' must name a schema that is in it"]),
        (_INPUTS % "'pattern': '('", ["'(' is not a 'regex'"]),
        (_INPUTS % "'type': 'array', 'minItems': 10**12", ["INPUTS must be a dict written out here"]),
        (_INPUTS % "'type': 'array', 'minItems': 1000000000000", ["no sample could be made up for these inputs"]),
        ("def f(): ...\nSECRETS = ['A-B']", ["'A-B' is not a name for an environment variable"]),
        ("-" * 100_000 + "1", ["nested too deeply"]),
        ("(" * 300 + ")" * 300, ["too many nested parentheses"]),
    ],
)
def test_each_fault_says_where_and_what_to_do(source, wanted):
    found = faults(source)
    assert len(found) == len(wanted)
    assert all(text in fault for text, fault in zip(wanted, found, strict=True)), found


def test_an_endless_pattern_or_reference_does_not_hold_the_catalog_up():
    read(_INPUTS % "'pattern': '^(a+)+$'" + f"SAMPLE = {{'a': {'a' * 60 + 'b'!r}}}\n")
    loop = "def f(): ...\nINPUTS = {'type': 'object', '$ref': '#/$defs/x', '$defs': {'x': {'$ref': '#/$defs/x'}}}"
    assert "SAMPLE: no sample could be made up" in faults(loop)[0]


def test_nothing_of_the_source_runs(tmp_path):
    proof = tmp_path / "ran"
    read(f"open({str(proof)!r}, 'w')\ndef agent(x=open({str(proof)!r}, 'w')): ...\n")
    assert not proof.exists()


def test_the_file_names_the_agent():
    assert read("def f(): ...", "My Agent_2.py").name == "my-agent-2"
    with pytest.raises(SourceInvalid, match="gives no name"):
        read("def f(): ...", "2.py")
