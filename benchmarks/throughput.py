"""Requests per second through a deployed trivial agent, on REST and on MCP."""

import time

import httpx

from benchmarks.load import requests_per_second
from benchmarks.processes import HTTP, Nexdeck, free_port, program, wait_for
from benchmarks.report import Figure

TRIVIAL = '''"""Gives back its text."""

SAMPLE = {"text": "hello"}


async def trivial(text: str) -> dict[str, str]:
    """Give back the text."""
    return {"text": text}
'''
BODY = {"inputs": {"text": "hello"}}


def api(studio: Nexdeck) -> list[Figure]:
    studio.add_agent("trivial", TRIVIAL)
    deployed = studio.deploy("trivial", require_key=True)
    ours = requests_per_second(deployed["api_endpoint"], BODY, {"Authorization": f"Bearer {deployed['key']}"})
    port, mcp_port = free_port(), free_port()
    with program("benchmarks/servers/plain_nexus.py", str(port), str(mcp_port)) as process:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        nexus = requests_per_second(f"http://127.0.0.1:{port}/workflows/trivial/execute", BODY)
    port = free_port()
    with program("benchmarks/servers/bare_fastapi.py", str(port)) as process:
        wait_for(f"http://127.0.0.1:{port}/livez", process)
        fastapi = requests_per_second(f"http://127.0.0.1:{port}/execute", BODY)
    name = "POST /workflows/{name}/execute, key check, metrics and logs on"
    return [
        Figure(name, ours, "requests/s", "plain Nexus, app.start()", nexus, "≥ 2.5 ×", ours >= 2.5 * nexus),
        Figure(name, ours, "requests/s", "bare FastAPI", fastapi, "≥ 0.6 ×", ours >= 0.6 * fastapi),
    ]


def mcp(studio: Nexdeck) -> list[Figure]:
    deployed = studio.deploy("trivial", name="trivial-mcp")
    ours = _tool_calls(deployed["mcp_endpoint"], "trivial-mcp")
    port = free_port()
    with program("benchmarks/servers/fastmcp_server.py", str(port)) as process:
        _wait_for_mcp(f"http://127.0.0.1:{port}/mcp", process)
        fastmcp = _tool_calls(f"http://127.0.0.1:{port}/mcp", "trivial")
    return [
        Figure("MCP tools/call", ours, "calls/s", "FastMCP's own server", fastmcp, "≥ 1.2 ×", ours >= 1.2 * fastmcp)
    ]


def _wait_for_mcp(url: str, process) -> None:
    for _ in range(400):
        try:
            HTTP.get(url)
            return
        except httpx.TransportError:
            if process.poll() is not None:
                raise
            time.sleep(0.05)
    raise TimeoutError(url)


def _tool_calls(url: str, tool: str) -> float:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
    answer = HTTP.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, headers=headers)
    headers |= {"Mcp-Session-Id": answer.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-06-18"}
    HTTP.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
    call = {"name": tool, "arguments": {"text": "hello"}}
    answer = HTTP.post(url, json={"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}, headers=headers)
    if '"hello"' not in answer.text.replace("\\", ""):
        raise RuntimeError(f"{url}: {answer.text[:300]}")
    return requests_per_second(
        url, {"jsonrpc": "2.0", "id": "COUNTER", "method": "tools/call", "params": call}, headers
    )
