"""Every sample agent is read, runs, and gives what its output schema says."""

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nexdeck.models.manifest import AgentKind
from nexdeck.services.catalog.sources.python_agent.entry import find_entry
from nexdeck.services.catalog.sources.python_agent.module import parse_module
from tests.unit.catalog.catalogs import EXAMPLE_FILES, EXAMPLES, new_catalog, with_examples

NEEDS_A_KEY = "support_reply.yaml"


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    return asyncio.run(with_examples(new_catalog(tmp_path_factory.mktemp("catalog"))))


@pytest.fixture(scope="module")
def ask(versions):
    """Call a sample agent in this process, as a gateway would."""

    def call(filename: str, **inputs: Any) -> dict[str, Any]:
        version = versions[filename]
        module = ModuleType(f"sample_{version.agent_id}")
        sys.modules[module.__name__] = module
        exec(compile(version.module, filename, "exec"), module.__dict__)
        is_python = version.kind is AgentKind.PYTHON
        agent = getattr(module, find_entry(parse_module(version.module)).name if is_python else "agent")
        if inspect.isclass(agent):
            return asyncio.run(agent().run_async(**inputs))
        if hasattr(agent, "build"):
            return asyncio.run(_run_workflow(agent, inputs))
        result = agent(**inputs)
        if inspect.isasyncgen(result):
            return {"result": asyncio.run(_joined(result))}
        return asyncio.run(result) if inspect.isawaitable(result) else result

    return call


async def _joined(pieces: AsyncIterator[str]) -> str:
    return "".join([piece async for piece in pieces])


async def _run_workflow(builder: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    from kailash.runtime import AsyncLocalRuntime  # large: only the workflow needs it

    workflow = builder.build()
    mappings = workflow.metadata["_workflow_inputs"]
    by_node = {node: {name: inputs[given] for given, name in names.items()} for node, names in mappings.items()}
    async with AsyncLocalRuntime() as runtime:
        results, _ = await runtime.execute_workflow_async(workflow, inputs=by_node)
    return results["add_tax"]["result"]


def test_all_sample_files_are_imported():
    there = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".yaml")}
    assert there == set(EXAMPLE_FILES)
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    positions = [readme.index(f"examples/{name}") for name in EXAMPLE_FILES]
    assert positions == sorted(positions)


@pytest.mark.parametrize("filename", [name for name in EXAMPLE_FILES if name != NEEDS_A_KEY])
def test_a_sample_agent_answers_its_sample(filename, versions, ask):
    version = versions[filename]
    assert version.description and version.secrets == []
    assert not list(Draft202012Validator(version.input_schema).iter_errors(version.sample))
    output = ask(filename, **version.sample)
    assert output
    assert not [error.message for error in Draft202012Validator(version.output_schema).iter_errors(output)]


def test_what_the_samples_work_out(ask):
    assert ask("text_statistics.py", text="One two. One three!", top=1)["top_words"] == [{"word": "one", "count": 2}]
    assert ask("text_statistics.py", text="")["level"] == "very difficult"
    keywords = ask("keyword_extractor.py", text="the red house and the red car")["keywords"]
    assert [keyword["phrase"] for keyword in keywords] == ["red car", "red house"]
    table = ask("csv_summary.py", csv_text="a;b\n1;x\n3;x\n")
    assert table["columns"][0]["summary"] == {"min": 1.0, "mean": 2.0, "median": 2.0, "max": 3.0}
    assert table["columns"][1]["summary"] == {"most_frequent": {"x": 2}}
    good = ask("payment_check.py", iban="GB82 WEST 1234 5698 7654 32")
    assert (good["valid"], good["iban"]["formatted"]) == (True, "GB82 WEST 1234 5698 7654 32")
    bad = ask("payment_check.py", iban="GB82WEST12345698765423", vat_number="DE1")
    assert (bad["valid"], bad["iban"]["problem"][:16]) == (False, "the check digits")
    assert ask("json_diff.py", before="[1, true]", after="[1, 1, null]")["changes"] == [
        {"path": "$[1]", "change": "changed", "before": True, "after": 1},
        {"path": "$[2]", "change": "added", "before": None, "after": None},
    ]
    with pytest.raises(ValueError, match="`after` is not JSON"):
        ask("json_diff.py", before="1", after="{")
    notes = ask("release_notes.py", commits="feat(ui): a tab\n\nwhatever")["result"]
    assert notes == "# Release notes\n\n## New\n\n- A tab (ui)\n\n## Also\n\n- Whatever\n"
    assert ask("log_summary.py", log="INFO all well")["headline"] == "Nothing went wrong."
    assert ask("ticket_router.py", message="my password leaked")["team"] == "security"
    assert (
        ask("order_total.py", lines=[{"article": "a", "quantity": 3, "unit_price": 0.1}], vat_rate=0.5)["gross"] == 0.45
    )
    assert ask("incident_triage.yaml", log="FATAL login outage")["team"] == "security"


def test_the_modules_look_as_if_ruff_had_formatted_them(versions, tmp_path):
    for filename, version in versions.items():
        (tmp_path / Path(filename).with_suffix(".py")).write_text(version.module, encoding="utf-8")
    config = EXAMPLES.parent / "pyproject.toml"
    for command in (["format", "--diff"], ["check"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", str(config), str(tmp_path)]
        done = subprocess.run(arguments, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
