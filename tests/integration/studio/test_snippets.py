"""Every snippet that can be run here is run as it is printed, against a deployment that wants a key."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from nexdeck.models.choices import Channel
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.docs.snippet_parts import Snippet
from nexdeck.services.docs.snippets import snippets
from tests.integration.studio.test_lifecycle import deploy
from tests.programs import ROOT, Studio

BIN = Path(sys.executable).parent
SAMPLE = {"text": 'it\'s "$HOME" `id` $(id) \\ \n {x} ${y} é 🙂', "items": [{"__proto__": None, "n": 1.5}, True]}
PARROT = f'''"""Gives back what it gets."""

SAMPLE = {SAMPLE!r}


def parrot(text: str, items: list) -> dict:
    return {{"text": text, "items": items}}
'''


@pytest.fixture(scope="module", params=[True, False], ids=["with a key", "open"])
def offered(studio: Studio, request: pytest.FixtureRequest) -> tuple[dict[str, Snippet], dict[str, str]]:
    studio.http.post("/api/v1/agents", json={"filename": "parrot.py", "source": PARROT})
    return offers(studio, deploy(studio, "parrot", f"parrot-{request.param}".lower(), require_key=request.param))


def offers(studio: Studio, done: dict) -> tuple[dict[str, Snippet], dict[str, str]]:
    """The snippets of a deployment by their client, and the environment that its caller has."""
    assert done["operation"]["status"] == "succeeded", done["operation"]
    row = done["deployment"]
    options = DeploymentOptions.model_validate(row["options"])
    interface = CallerInterface(
        **{name: row[name] for name in ("name", "agent", "version", "cli_command", "input_schema", "output_schema")},
        description="",
        gateway_url="",
        api_url=row["api_endpoint"],
        mcp_url=row["mcp_endpoint"],
        channels=tuple(Channel(name) for name in row["channels"]),
        require_key=options.require_key,
        limits=options.limits,
        sample=row["sample"],
    )
    env = {name: value for name, value in studio.env.items() if not name.lower().endswith("_proxy")}
    env |= {"PATH": f"{BIN}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(ROOT)}
    if done["key"]:
        env["NEXDECK_KEY"] = done["key"]
    return {snippet.client: snippet for snippet in snippets(interface)}, env


def answer_of_rest(output: str) -> object:
    return json.loads(output)["outputs"]["agent"]["result"]


RUNS = {
    "curl": (["bash", "-e"], answer_of_rest),
    "Python": ([sys.executable], ast.literal_eval),
    "JavaScript": ([str(BIN / "node")], json.loads),
    "Command line": (["bash", "-e"], json.loads),
    "Python MCP": ([sys.executable], json.loads),
    "A2A": ([sys.executable], json.loads),
}


@pytest.mark.parametrize("client", RUNS)
def test_it_runs_as_it_is_printed(offered, client: str, tmp_path: Path) -> None:
    made, env = offered
    program, answer_of = RUNS[client]
    run(made[client], program, answer_of, env, tmp_path)


TELLER = f'''"""Tells it word by word."""

from collections.abc import Iterator

SAMPLE = {{"text": {SAMPLE["text"]!r}}}


def teller(text: str) -> Iterator[str]:
    for word in text.split():
        yield word + " "
'''


@pytest.fixture(scope="module")
def streamed(studio: Studio) -> tuple[dict[str, Snippet], dict[str, str]]:
    studio.http.post("/api/v1/agents", json={"filename": "teller.py", "source": TELLER})
    return offers(studio, deploy(studio, "teller", "teller", require_key=True))


def sse_answer(output: str) -> list:
    found = [json.loads(line[6:]) for line in output.splitlines() if line.startswith("data: ")]
    return [*found[:-1], found[-1]["outputs"]["agent"]["result"]]


def printed_pieces(output: str) -> list:
    *pieces, last = output.splitlines()
    return [*pieces, ast.literal_eval(last)]


STREAMS = {
    "curl, streaming": (["bash", "-e"], sse_answer),
    "Python, streaming": ([sys.executable], printed_pieces),
    "JavaScript, streaming": ([str(BIN / "node")], lambda out: [json.loads(line) for line in out.splitlines()]),
}


@pytest.mark.parametrize("client", STREAMS)
def test_a_streamed_answer_comes_piece_by_piece(streamed, client: str, tmp_path: Path) -> None:
    made, env = streamed
    program, pieces_of = STREAMS[client]
    pieces = [word + " " for word in SAMPLE["text"].split()]
    result = output_of(made[client], program, env, tmp_path)
    assert pieces_of(result) == [*pieces, {"result": "".join(pieces)}]


def output_of(snippet: Snippet, program: list[str], env: dict[str, str], folder: Path) -> str:
    script = folder / snippet.filename
    script.write_text(snippet.code)
    result = subprocess.run([*program, script], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def run(snippet: Snippet, program: list[str], answer_of: Callable, env: dict[str, str], folder: Path) -> None:
    assert answer_of(output_of(snippet, program, env, folder)) == SAMPLE


def test_the_key_is_needed_and_in_no_snippet(offered, tmp_path: Path) -> None:
    made, env = offered
    script = tmp_path / "call.sh"
    script.write_text(made["curl"].code)
    without = {name: value for name, value in env.items() if name != "NEXDECK_KEY"}
    result = subprocess.run(["bash", script], env=without, capture_output=True, text=True, timeout=60)
    assert (json.loads(result.stdout).get("code") == "unauthorized") is ("NEXDECK_KEY" in env)
    assert not any(env.get("NEXDECK_KEY", "no key") in snippet.code for snippet in made.values())


async def test_claude_desktops_configuration_starts_a_bridge_that_answers(offered, tmp_path: Path) -> None:
    made, env = offered
    (server,) = json.loads(made["Claude Desktop"].code)["mcpServers"].values()
    own = {name: value.replace("YOUR-KEY", env.get("NEXDECK_KEY", "")) for name, value in server.get("env", {}).items()}
    parameters = StdioServerParameters(
        command=str(BIN / server["command"]),
        args=server["args"],
        env={**{name: env[name] for name in env if not name.startswith("NEXDECK_")}, "HOME": str(tmp_path), **own},
        cwd=tmp_path,
    )
    with (tmp_path / "errors").open("w") as errors:
        async with stdio_client(parameters, errlog=errors) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            (tool,) = (await session.list_tools()).tools
            result = await session.call_tool(tool.name, SAMPLE)
    assert (result.isError, result.structuredContent) == (False, SAMPLE)
