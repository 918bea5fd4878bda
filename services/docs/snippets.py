"""Programs, commands and configurations that call one deployment as they stand. Pure.

No key is ever in them: programs read it from the environment variable NEXDECK_KEY, and configurations use the way
that their client has for it.
"""

import json
import shlex
from typing import Any
from urllib.parse import urlsplit

from nexdeck.models.choices import Channel
from nexdeck.models.trust import TrustKind
from nexdeck.services.catalog.codegen.literals import layout
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.docs.snippet_parts import (
    CERTIFICATE_FILE,
    KEY_VARIABLE,
    PYTHON_HEADERS,
    Snippet,
    before,
    before_node,
    curl_command,
    for_node,
    how_to_save_it,
    javascript_call,
    python_client,
    python_lines,
    seconds,
)
from nexdeck.services.docs.snippet_streams import a2a_snippet, stream_snippets

_LOOPBACK = ("localhost", "127.0.0.1")


def snippets(interface: CallerInterface) -> list[Snippet]:
    """Those whose channels are switched on, in the order in which they are offered."""
    found: list[Snippet] = []
    if Channel.API in interface.channels:
        found += [_curl(interface), _python(interface), _javascript(interface), *stream_snippets(interface)]
    if interface.cli_command:
        note = f"It reads the key from {KEY_VARIABLE}." if interface.require_key else ""
        found.append(Snippet("Command line", "call.sh", interface.cli_command, note))
    if interface.mcp_url:
        makers = (_claude_code, _claude_desktop, _cursor, _vs_code, _python_mcp)
        found += [make(interface, interface.mcp_url) for make in makers]
    if interface.a2a_url:
        found.append(a2a_snippet(interface, interface.a2a_url))
    return found


def _curl(interface: CallerInterface) -> Snippet:
    return Snippet(
        "curl",
        "call.sh",
        curl_command(interface, interface.sample),
        before(interface, interface.trust.kind is TrustKind.CA),
    )


def _python(interface: CallerInterface) -> Snippet:
    tls = python_lines(interface)
    lines = [*(["import os"] if interface.require_key else []), *(["import ssl"] if tls else [])]
    lines += [
        *([""] if lines else []),
        "import httpx",
        "",
        *([*tls, ""] if tls else []),
        "answer = httpx.post(",
        f"    {json.dumps(interface.api_url)},",
        f"    json={layout({'inputs': interface.sample}, 4, 9, 1)},",
    ]
    if interface.require_key:
        lines.append(f"    {PYTHON_HEADERS},")
    lines += [
        *(["    verify=tls,"] if tls else []),
        f"    timeout={seconds(interface)},",
        ")",
        "answer.raise_for_status()",
        'print(answer.json()["outputs"]["agent"]["result"])',
    ]
    return Snippet("Python", "call.py", "\n".join(lines), "Needs the package httpx. " + before(interface))


def _javascript(interface: CallerInterface) -> Snippet:
    code = f"""\
{javascript_call(interface)}
const {{ outputs }} = await answer.json();
console.log(JSON.stringify(outputs.agent.result, null, 2));"""
    return Snippet("JavaScript", "call.mjs", code, before_node(interface))


def _claude_code(interface: CallerInterface, url: str) -> Snippet:
    words = ["claude", "mcp", "add", "--transport", "http"]
    if not interface.require_key:
        note = (before(interface) + for_node(interface)).strip()
        return Snippet("Claude Code", "connect.sh", shlex.join([*words, interface.name, url]), note)
    header = f"Authorization: Bearer ${{{KEY_VARIABLE}}}"
    command = shlex.join([*words, "--scope", "project", interface.name, url, "--header", header])
    note = f"The project's .mcp.json keeps the variable's name, not the key. {before(interface)}{for_node(interface)}"
    return Snippet("Claude Code", "connect.sh", command, note)


def _claude_desktop(interface: CallerInterface, url: str) -> Snippet:
    """It starts programs only, so the bridge ``mcp-remote`` carries the calls."""
    arguments = ["-y", "mcp-remote", url, "--transport", "http-only"]
    if url.startswith("http:") and urlsplit(url).hostname not in _LOOPBACK:
        arguments.append("--allow-http")
    server: dict[str, Any] = {"command": "npx", "args": arguments}
    note = "Needs Node. Settings → Developer → Edit Config, then restart Claude Desktop."
    if interface.trust.certificate:
        server["env"] = {"NODE_EXTRA_CA_CERTS": f"/PATH/TO/{CERTIFICATE_FILE}"}
        note += f" {how_to_save_it(interface)}"
    if interface.require_key:
        arguments += ["--header", "Authorization:${NEXDECK_AUTHORIZATION}"]  # a blank in it breaks on Windows
        server["env"] = {**server.get("env", {}), "NEXDECK_AUTHORIZATION": "Bearer YOUR-KEY"}
        note += " Put your key in place of YOUR-KEY; the file is on your own machine only."
    document = {"mcpServers": {interface.name: server}}
    return _configuration("Claude Desktop", "claude_desktop_config.json", document, note)


def _cursor(interface: CallerInterface, url: str) -> Snippet:
    server = {"url": url, **_headers(interface, f"${{env:{KEY_VARIABLE}}}")}
    note = f"In your home folder or your project. {before(interface)}{for_node(interface)}"
    return _configuration("Cursor", ".cursor/mcp.json", {"mcpServers": {interface.name: server}}, note)


def _vs_code(interface: CallerInterface, url: str) -> Snippet:
    server = {"type": "http", "url": url, **_headers(interface, "${input:nexdeck-key}")}
    document: dict[str, Any] = {"servers": {interface.name: server}}
    if not interface.require_key:
        note = (before(interface) + for_node(interface)).strip()
        return _configuration("VS Code", ".vscode/mcp.json", document, note)
    asked = {"type": "promptString", "id": "nexdeck-key", "description": f"Key of {interface.name}", "password": True}
    note = "VS Code asks for the key once and keeps it in its secret store."
    if interface.trust.certificate:
        note += f" {how_to_save_it(interface)}{for_node(interface)}"
    return _configuration("VS Code", ".vscode/mcp.json", {"inputs": [asked], **document}, note)


def _python_mcp(interface: CallerInterface, url: str) -> Snippet:
    imports, arguments, tls = python_client(interface)
    call = f"        result = await session.call_tool({json.dumps(interface.name)}, "
    code = f"""\
{imports}

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
{tls}

async def main() -> None:
    async with (
        httpx.AsyncClient({arguments}) as http,
        streamable_http_client({json.dumps(url)}, http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
{call}{layout(interface.sample, 8, len(call), 1)})
        if result.isError:
            raise RuntimeError(result.content[0].text)
        print(json.dumps(result.structuredContent))


asyncio.run(main())"""
    return Snippet("Python MCP", "call_tool.py", code, "Needs the package mcp. " + before(interface))


def _headers(interface: CallerInterface, key: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {key}"}} if interface.require_key else {}


def _configuration(client: str, filename: str, document: dict[str, Any], note: str) -> Snippet:
    return Snippet(client, filename, json.dumps(document, indent=2), note)
