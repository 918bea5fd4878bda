import asyncio
import logging
import sys
from types import ModuleType
from typing import Any

import pytest

from nexdeck.services.errors import SourceInvalid
from tests.actors import ACTOR
from tests.unit.catalog.catalogs import new_catalog

MEMBERS = {
    "split.py": "def split(text: str, by: str = ' ') -> dict:\n    return {'words': text.split(by), 'text': text}\n"
    'OUTPUTS = {"type": "object", "properties": {"words": {"type": "array"}, "text": {"type": "string"}},'
    ' "required": ["words"], "additionalProperties": False}\n',
    "count.py": "async def count(words: list[str], scale: float = 1.0) -> int:\n    return int(len(words) * scale)\n",
    "shout.py": "from dataclasses import dataclass\n\n@dataclass\nclass Loud:\n    loud: str\n\n"
    "def shout(text: str) -> Loud:\n    if text == 'boom':\n        raise ValueError('too loud')\n"
    "    return Loud(text.upper())\n",
    "free.py": "def free(**anything):\n    return anything\n",
    "flow.py": "agent = WorkflowBuilder()\n",
    "teller.py": "def teller():\n    yield 'a'\n",
    "hostile.py": 'A = """x"""\nB = \'\'\'\\\\\'\'\'\nC = "\u202e"\n\ndef hostile() -> str:\n    return A + B + C\n',
    "asker.yaml": "name: asker\ninstructions: x\nprovider: openai\nmodel: m\ninputs: [{name: text}]\n"
    "outputs: [{name: answer}]\n",
}
HEAD = "kind: orchestration\nname: both\npattern: {pattern}\nsteps:\n"


@pytest.fixture
async def catalog(tmp_path):
    catalog = new_catalog(tmp_path)
    for filename, source in MEMBERS.items():
        await catalog.create(filename, source, actor=ACTOR)
    return catalog


async def drafted(catalog, steps: str, pattern: str = "sequential"):
    return await catalog.preview("both.yaml", HEAD.format(pattern=pattern) + steps, actor=ACTOR)


def run(module_text: str, **inputs: Any) -> dict[str, Any]:
    module = ModuleType("orchestrated")
    exec(compile(module_text, "<orchestrated>", "exec"), module.__dict__)
    try:
        return asyncio.run(module.agent(**inputs))
    finally:
        for name in [name for name in sys.modules if name.startswith("orchestrated.")]:
            del sys.modules[name]


async def in_thread(module_text: str, **inputs: Any) -> dict[str, Any]:
    return await asyncio.to_thread(run, module_text, **inputs)


async def test_outputs_feed_the_next_step_by_name(catalog, caplog):
    draft = await drafted(catalog, "  - agent: split\n  - {agent: count, id: n}\n  - agent: shout\n")
    assert draft.members == ["split@1.0.0", "count@1.0.0", "shout@1.0.0"]
    assert draft.input_schema["required"] == ["text"]
    assert list(draft.input_schema["properties"]) == ["text", "by"]
    assert draft.output_schema["properties"] == {"loud": {"type": "string"}}
    assert draft.sample == {"text": "Hello from Nexdeck"}
    caplog.set_level(logging.INFO, "orchestration")
    assert await in_thread(draft.module, text="a b") == {"loud": "A B"}
    assert [record.message.split(" took")[0] for record in caplog.records] == [
        "step split (split@1.0.0)",
        "step n (count@1.0.0)",
        "step shout (shout@1.0.0)",
    ]


async def test_mappings_values_and_outputs(catalog):
    draft = await drafted(
        catalog,
        "  - agent: split\n    inputs: {text: inputs.sentence, by: '-'}\n"
        "  - agent: count\n    inputs: {words: steps.split.words, scale: 2}\n"
        "outputs:\n  twice: steps.count.result\n  words: steps.split.words\n"
        "  echo: inputs.sentence\n  note: 'fixed \"x\"'\n",
    )
    assert draft.input_schema["properties"] == {"sentence": {"type": "string"}}
    assert list(draft.output_schema["properties"]) == ["twice", "words", "echo", "note"]
    assert await in_thread(draft.module, sentence="a-b") == {
        "twice": 4, "words": ["a", "b"], "echo": "a-b", "note": 'fixed "x"',
    }  # fmt: skip


async def test_parallel_steps_share_the_inputs(catalog):
    draft = await drafted(catalog, "  - agent: split\n  - agent: shout\n  - {agent: shout, id: again}\n", "parallel")
    assert draft.members == ["split@1.0.0", "shout@1.0.0"]
    assert await in_thread(draft.module, text="a") == {
        "split": {"words": ["a"], "text": "a"}, "shout": {"loud": "A"}, "again": {"loud": "A"},
    }  # fmt: skip
    with pytest.raises(RuntimeError, match=r"step shout \(shout@1.0.0\) failed: too loud"):
        await in_thread(draft.module, text="boom")


async def test_an_orchestration_can_be_a_member(catalog):
    source = HEAD.format(pattern="sequential").replace("both", "inner") + "  - agent: shout\n"
    await catalog.create("inner.yaml", source, actor=ACTOR)
    draft = await drafted(catalog, "  - agent: inner\n  - agent: free\n    inputs: {heard: steps.inner.loud}\n")
    assert await in_thread(draft.module, text="a") == {"heard": "A"}


async def test_members_are_embedded_unchanged_whatever_they_contain(catalog):
    draft = await drafted(catalog, "  - agent: hostile\n")
    member = await catalog.version("hostile", actor=ACTOR)
    space: dict[str, Any] = {"__name__": "orchestrated"}
    exec(draft.module, space)
    assert space["SOURCE_1"] == member.module
    assert await in_thread(draft.module) == {"result": "x\\\u202e"}


async def test_members_stay_at_their_version_and_bring_their_secrets(catalog):
    draft = await drafted(catalog, "  - agent: asker\n")
    await catalog.add_version("asker", "asker.yaml", MEMBERS["asker.yaml"] + "version: 2.0.0\n", actor=ACTOR)
    assert draft.secrets == ["OPENAI_API_KEY"]
    assert (await drafted(catalog, "  - agent: asker\n")).members == ["asker@2.0.0"]
    assert (await drafted(catalog, "  - {agent: asker, version: 1.0.0}\n")).members == ["asker@1.0.0"]


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ("  - agent: nobody\n", "line 5, column 12: steps.0.agent: There is no agent 'nobody'."),
        ("  - {agent: split, version: 9.0.0}\n", "line 5, column 29: steps.0.version: split has no version '9.0.0'"),
        ("  - agent: flow\n", "flow is a WorkflowBuilder"),
        ("  - agent: teller\n", "teller streams its answer"),
        ("  - agent: split\n  - agent: split\n", "line 6, column 12: steps.1.agent: there is a step 'split' already"),
        (
            "  - agent: shout\n  - agent: count\n",
            "line 6, column 5: steps.1: the input 'words' of count comes from nowhere",
        ),
        ("  - agent: split\n    inputs: {txt: a}\n", "line 6, column 14: steps.0.inputs.txt: split has no input 'txt'"),
        (
            "  - agent: split\n    inputs: {text: 5}\n",
            "line 6, column 20: steps.0.inputs.text: the value for 'text' must be",
        ),
        ("  - agent: split\n    inputs: {text: steps.x.y}\n", "there is no step 'x'; the steps are split"),
        ("  - agent: split\n    inputs: {text: inputs.}\n", '"inputs." is not a reference; write inputs.NAME'),
        (
            "  - agent: split\n  - agent: shout\n    inputs: {text: steps.split.word}\n",
            "step split has no output 'word'",
        ),
        (
            "  - agent: split\n  - agent: shout\n    inputs: {text: steps.split.words}\n",
            "'words' of step split is array",
        ),
        ("  - agent: shout\n    inputs: {text: steps.split.text}\n  - agent: split\n", "step 'split' has not run yet"),
        (
            "  - agent: shout\n  - agent: count\n    inputs: {words: inputs.text}\n",
            "the input 'text' is string for step shout",
        ),
        ("  - agent: shout\noutputs: {x: inputs.y}\n", "no step takes an input 'y'; the inputs are text"),
        ("  - agent: shout\nsample: {text: 1}\n", "line 6, column 16: sample.text: the sample does not match"),
        ("  - agnt: shout\n", "steps.0: agent is missing"),
    ],
)
async def test_each_fault_says_where_and_what_to_do(catalog, steps, wanted):
    with pytest.raises(SourceInvalid) as caught:
        await drafted(catalog, steps)
    found = [str(fault) for fault in caught.value.errors]
    assert any(wanted in fault for fault in found), found


async def test_parallel_steps_cannot_wait_for_one_another(catalog):
    with pytest.raises(SourceInvalid) as caught:
        await drafted(catalog, "  - agent: split\n  - agent: shout\n    inputs: {text: steps.split.text}\n", "parallel")
    assert "use pattern: sequential" in caught.value.errors[0].message
