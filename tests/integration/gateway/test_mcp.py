"""The MCP channel, by the official client: typed tools, structured results, news of changes, and keys."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import mcp.types as mcp_types
import pytest
from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamable_http_client

from nexdeck.models.control import REVISION_HEADER
from nexdeck.models.manifest import key_hash
from tests.gateway_process import TOKEN, bundle

DOUBLE = "def agent(number: int):\n    return {'doubled': number * 2}\n"
NUMBER_IN = {
    "type": "object",
    "properties": {"number": {"type": "integer", "description": "What to double"}},
    "required": ["number"],
    "additionalProperties": False,
}
NUMBER_OUT = {"type": "object", "properties": {"doubled": {"type": "integer"}}, "required": ["doubled"]}
SCHEMAS = {"input_schema": NUMBER_IN, "output_schema": NUMBER_OUT, "description": "Doubles a number."}


class Client:
    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.changes = asyncio.Event()

    async def tools(self) -> dict[str, mcp_types.Tool]:
        return {tool.name: tool for tool in (await self.session.list_tools()).tools}

    async def told_of_a_change(self) -> None:
        await asyncio.wait_for(self.changes.wait(), 30)
        self.changes.clear()


@asynccontextmanager
async def connected(gateway, path: str = "/mcp", **headers: str) -> AsyncIterator[Client]:
    found: list[Client] = []

    async def on_message(message) -> None:
        if isinstance(getattr(message, "root", None), mcp_types.ToolListChangedNotification):
            found[0].changes.set()

    async with (
        httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http,
        streamable_http_client(gateway.url + path, http_client=http) as (read, write, _),
        ClientSession(read, write, message_handler=on_message) as session,
    ):
        found.append(Client(session))
        await session.initialize()
        yield found[0]


async def test_tools_are_typed_and_results_structured(gateway):
    gateway.deploy("doubler", DOUBLE, **SCHEMAS)
    for path in ("/mcp", "/mcp/doubler"):
        async with connected(gateway, path) as client:
            tool = (await client.tools())["doubler"]
            assert (tool.inputSchema, tool.outputSchema) == (NUMBER_IN, NUMBER_OUT)
            assert tool.description == "Doubles a number."
            result = await client.session.call_tool("doubler", {"number": 21})
            assert not result.isError
            assert result.structuredContent == {"doubled": 42}
            assert json.loads(result.content[0].text) == {"doubled": 42}


async def test_a_tool_always_has_a_description(gateway):
    gateway.deploy("untold", "def agent():\n    return {}\n")
    async with connected(gateway) as client:
        assert (await client.tools())["untold"].description == "The agent untold."


async def test_failures_are_error_results_that_carry_the_problem(gateway):
    gateway.deploy("doubler", DOUBLE, **SCHEMAS)
    gateway.deploy("mcp-raises", "def agent():\n    raise ValueError('no luck')\n")
    async with connected(gateway) as client:
        for name, arguments, code in [
            ("doubler", {"number": "x"}, "invalid_input"),
            ("doubler", {}, "invalid_input"),
            ("mcp-raises", {}, "agent_failed"),
        ]:
            result = await client.session.call_tool(name, arguments)
            assert result.isError
            assert json.loads(result.content[0].text)["code"] == code
        with pytest.raises(McpError, match="Unknown tool: nobody"):
            await client.session.call_tool("nobody", {})


async def test_clients_are_told_when_the_list_changes_and_only_then(gateway):
    async with connected(gateway) as client, connected(gateway, "/mcp") as other:
        await client.tools()
        await other.tools()
        gateway.deploy("news", DOUBLE, **SCHEMAS)
        await asyncio.gather(client.told_of_a_change(), other.told_of_a_change())
        assert "news" in await client.tools()
        await other.tools()
        gateway.deploy("news", DOUBLE + "\n# another text, the same schemas\n", 2, **SCHEMAS)
        await asyncio.sleep(0.3)
        assert not client.changes.is_set()
        gateway.deploy("news", DOUBLE, 3, **(SCHEMAS | {"description": "Doubles better."}))
        await client.told_of_a_change()
        assert (await client.tools())["news"].description == "Doubles better."
        gateway.undeploy("news")
        await client.told_of_a_change()
        assert "news" not in await client.tools()


async def test_deployments_without_the_channel_are_not_listed(gateway):
    gateway.deploy("no-mcp", DOUBLE, channels=["api"])
    async with connected(gateway) as client:
        assert "no-mcp" not in await client.tools()
        with pytest.raises(McpError):
            await client.session.call_tool("no-mcp", {"number": 1})


async def test_a_key_opens_its_own_tools(gateway):
    gateway.deploy("locked", DOUBLE, require_key=True, key_hashes=[key_hash("the-key")], **SCHEMAS)
    refused = gateway.http.post("/mcp/locked", json={})
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert gateway.http.post("/mcp/nobody", json={}).status_code == 404
    async with connected(gateway) as anyone:
        assert "locked" not in await anyone.tools()
        with pytest.raises(McpError, match="Unknown tool"):
            await anyone.session.call_tool("locked", {"number": 1})
    for path in ("/mcp", "/mcp/locked"):
        for key in ("the-key", TOKEN):
            async with connected(gateway, path, Authorization=f"Bearer {key}") as owner:
                result = await owner.session.call_tool("locked", {"number": 2})
                assert result.structuredContent == {"doubled": 4}


async def test_a_session_serves_only_the_key_and_address_that_opened_it(gateway):
    gateway.deploy("locked", DOUBLE, require_key=True, key_hashes=[key_hash("k1"), key_hash("k2")], **SCHEMAS)
    gateway.control.put("/control/v1/deployments/id-locked/keys", json={"key_hashes": [key_hash("k1"), key_hash("k2")]})
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    accept = {"Accept": "application/json, text/event-stream", "Authorization": "Bearer k1"}
    opened = gateway.http.post(
        "/mcp/locked", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, headers=accept
    )
    session = accept | {"Mcp-Session-Id": opened.headers["mcp-session-id"]}
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}
    assert gateway.http.post("/mcp/locked", json=listing, headers=session).status_code == 200
    other_key = session | {"Authorization": "Bearer k2"}
    assert gateway.http.post("/mcp/locked", json=listing, headers=other_key).status_code == 404
    assert gateway.http.post("/mcp", json=listing, headers=session).status_code == 404
    without = {name: value for name, value in session.items() if name != "Authorization"}
    assert gateway.http.post("/mcp/locked", json=listing, headers=without).status_code == 401


async def test_the_control_plane_sees_a_candidate(gateway):
    gateway.deploy("proved", DOUBLE, **SCHEMAS)
    new = bundle("proved", DOUBLE.replace("* 2", "* 3"), 2, **(SCHEMAS | {"description": "Triples."}))
    assert gateway.load("id-proved", new).status_code == 200
    headers = {"Authorization": f"Bearer {TOKEN}", REVISION_HEADER: "2"}
    async with connected(gateway, "/mcp/proved", **headers) as prover, connected(gateway, "/mcp/proved") as user:
        assert (await prover.tools())["proved"].description == "Triples."
        assert (await prover.session.call_tool("proved", {"number": 2})).structuredContent == {"doubled": 6}
        assert (await user.session.call_tool("proved", {"number": 2})).structuredContent == {"doubled": 4}


async def test_many_calls_in_one_session(gateway):
    gateway.deploy("doubler", DOUBLE, **SCHEMAS)
    async with connected(gateway) as client:
        results = await asyncio.gather(*(client.session.call_tool("doubler", {"number": n}) for n in range(100)))
    assert [result.structuredContent["doubled"] for result in results] == [n * 2 for n in range(100)]


async def test_a_call_that_the_client_cancels_ends(gateway):
    gateway.deploy("endless", "import asyncio\nasync def agent():\n    await asyncio.sleep(3600)\n")
    async with connected(gateway) as client:
        call = asyncio.create_task(client.session.call_tool("endless", {}))
        while not gateway.deployment("endless")["live"]["in_flight"]:  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.02)
        cancelled = mcp_types.CancelledNotification(params=mcp_types.CancelledNotificationParams(requestId=1))
        await client.session.send_notification(mcp_types.ClientNotification(cancelled))
        while gateway.deployment("endless")["live"]["in_flight"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        call.cancel()
