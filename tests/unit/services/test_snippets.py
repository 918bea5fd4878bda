"""Snippets are quoted for their language whatever the sample holds, and never hold a key."""

import ast
import json
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nexdeck.models.choices import Channel
from nexdeck.models.manifest import CHUNKS_KEYWORD
from nexdeck.services.docs.snippet_parts import Snippet
from nexdeck.services.docs.snippets import snippets
from tests.unit.services.interfaces import interface

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
HOSTILE = {"text": 'it\'s "$HOME" `id` $(id) \\ \n %s {x} </script> ${y} \u202e 🙂', "n": [1, 2.5, None, True]}


def by_client(**changes: Any) -> dict[str, Snippet]:
    return {snippet.client: snippet for snippet in snippets(interface(**changes))}


@settings(max_examples=60)
@given(sample=st.dictionaries(st.text(), VALUES, max_size=4))
def test_the_sample_arrives_exactly(sample: dict[str, Any]) -> None:
    made = by_client(sample=sample)
    words = shlex.split(made["curl"].code.replace("\\\n", " ", 2))
    assert json.loads(words[words.index("-d") + 1]) == {"inputs": sample}
    calls = [node for node in ast.walk(ast.parse(made["Python"].code)) if isinstance(node, ast.Call)]
    (sent,) = [word.value for call in calls for word in call.keywords if word.arg == "json"]
    assert ast.literal_eval(sent) == {"inputs": sample}
    calls = [node for node in ast.walk(ast.parse(made["Python MCP"].code)) if isinstance(node, ast.Call)]
    (tool,) = [call for call in calls if ast.unparse(call.func) == "session.call_tool"]
    assert ast.literal_eval(tool.args[1]) == sample
    (inputs,) = [
        node.value
        for node in ast.walk(ast.parse(made["A2A"].code))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "inputs"
    ]
    assert ast.literal_eval(inputs) == sample


def object_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def one_of(name: str, server: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "minProperties": 1, "patternProperties": {f"^{name}$": server}}


HEADERS = {"type": "object", "additionalProperties": {"type": "string"}}
STRING = {"type": "string", "minLength": 1}
URL = {"type": "string", "pattern": "^https?://"}
STDIO = object_of(command=STRING, args={"type": "array", "items": STRING}, env=HEADERS)
INPUT = object_of(type={"const": "promptString"}, id=STRING, description=STRING, password={"const": True})
# As the clients' own documentation describes their files.
SHAPES = {
    "Claude Desktop": object_of(mcpServers=one_of("echo", STDIO)),
    "Cursor": object_of(mcpServers=one_of("echo", object_of(url=URL, headers=HEADERS))),
    "VS Code": object_of(
        inputs={"type": "array", "items": INPUT, "minItems": 1},
        servers=one_of("echo", object_of(type={"const": "http"}, url=URL, headers=HEADERS)),
    ),
}


@pytest.mark.parametrize("client", SHAPES)
def test_a_configuration_has_its_clients_shape(client: str) -> None:
    document = json.loads(by_client(require_key=True)[client].code)
    assert list(Draft202012Validator(SHAPES[client]).iter_errors(document)) == []
    open_one = json.loads(by_client(require_key=False)[client].code)
    assert "eader" not in json.dumps(open_one)
    assert "nputs" not in open_one


def test_vs_code_is_asked_for_the_key_that_it_sends() -> None:
    document = json.loads(by_client(require_key=True)["VS Code"].code)
    sent = document["servers"]["echo"]["headers"]["Authorization"]
    assert sent == f"Bearer ${{input:{document['inputs'][0]['id']}}}"


def test_claude_code_keeps_the_variables_name() -> None:
    words = shlex.split(by_client(require_key=True)["Claude Code"].code)
    assert words[:3] == ["claude", "mcp", "add"]
    assert words[-2:] == ["--header", "Authorization: Bearer ${NEXDECK_KEY}"]
    assert words[words.index("echo") + 1] == "http://127.0.0.1:8401/mcp/echo"


@pytest.mark.parametrize(("url", "allowed"), [("http://10.0.0.5:8401", True), ("https://gw.example.com", False)])
def test_plain_http_to_another_machine_is_allowed_by_name(url: str, allowed: bool) -> None:
    document = json.loads(by_client(mcp_url=f"{url}/mcp/echo")["Claude Desktop"].code)
    assert ("--allow-http" in document["mcpServers"]["echo"]["args"]) is allowed


def test_only_channels_that_are_on_are_offered() -> None:
    assert list(by_client(channels=(Channel.API,), mcp_url=None, cli_command="")) == [
        *("curl", "Python", "JavaScript", "A2A"),
    ]
    streams = by_client(output_schema={CHUNKS_KEYWORD: {}}, mcp_url=None)
    assert {"curl, streaming", "Python, streaming", "JavaScript, streaming"} < streams.keys()
    assert list(by_client(channels=(Channel.CLI,), mcp_url=None)) == ["Command line"]


def test_a_hostile_sample_stays_data() -> None:
    made = by_client(sample=HOSTILE)
    words = shlex.split(made["curl"].code.replace("\\\n", " ", 2))
    assert json.loads(words[words.index("-d") + 1]) == {"inputs": HOSTILE}
