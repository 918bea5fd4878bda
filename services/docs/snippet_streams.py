"""Snippets of protocols that answer piece by piece: event streams and A2A."""

import json

from nexdeck.services.catalog.codegen.literals import layout
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.docs.snippet_parts import (
    PYTHON_HEADERS,
    Snippet,
    before,
    before_node,
    curl_command,
    javascript_call,
    python_client,
    python_lines,
    seconds,
)


def stream_snippets(interface: CallerInterface) -> list[Snippet]:
    """None for an agent that answers at once."""
    return [] if interface.chunks is None else [_curl(interface), _python(interface), _javascript(interface)]


def _curl(interface: CallerInterface) -> Snippet:
    command = curl_command(interface, interface.sample, stream=True)
    return Snippet("curl, streaming", "stream.sh", command, before(interface))


def _python(interface: CallerInterface) -> Snippet:
    tls = python_lines(interface)
    headers = '"Accept": "text/event-stream"'
    if interface.require_key:
        headers += ", " + PYTHON_HEADERS.removeprefix("headers={").removesuffix("}")
    imports = ["json", *(["os"] if interface.require_key else []), *(["ssl"] if tls else [])]
    lines = [
        *(f"import {name}" for name in imports),
        "",
        "import httpx",
        "",
        *([*tls, ""] if tls else []),
        "with httpx.stream(",
        '    "POST",',
        f"    {json.dumps(interface.api_url)},",
        f"    json={layout({'inputs': interface.sample}, 4, 9, 1)},",
        f"    headers={{{headers}}},",
        *(["    verify=tls,"] if tls else []),
        f"    timeout={seconds(interface)},",
        ") as answer:",
        "    if answer.is_error:",
        "        raise SystemExit(answer.read().decode())",
        "    for line in answer.iter_lines():",
        '        name, _, value = line.partition(": ")',
        '        if name == "event":',
        "            event = value",
        '        elif name == "data" and event == "error":',
        "            raise SystemExit(value)",
        '        elif name == "data":',
        "            data = json.loads(value)",
        '            print(data if event == "chunk" else data["outputs"]["agent"]["result"], flush=True)',
    ]
    return Snippet("Python, streaming", "stream.py", "\n".join(lines), "Needs the package httpx. " + before(interface))


def _javascript(interface: CallerInterface) -> Snippet:
    code = f"""\
{javascript_call(interface, 'Accept: "text/event-stream"')}
let rest = "";
for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {{
  const events = (rest + text).split("\\n\\n");
  rest = events.pop();
  for (const each of events) {{
    const [event, data] = each.split("\\n").map((line) => line.slice(line.indexOf(" ") + 1));
    if (event === "error") throw new Error(data);
    const value = JSON.parse(data);
    console.log(JSON.stringify(event === "chunk" ? value : value.outputs.agent.result));
  }}
}}"""
    return Snippet("JavaScript, streaming", "stream.mjs", code, before_node(interface))


def a2a_snippet(interface: CallerInterface, url: str) -> Snippet:
    imports, arguments, tls = python_client(interface)
    code = f"""\
{imports}
from uuid import uuid4

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import SendMessageRequest
from google.protobuf.json_format import MessageToDict, ParseDict
{tls}

async def main() -> None:
    async with httpx.AsyncClient({arguments}) as http:
        card = await A2ACardResolver(http, {json.dumps(url)}).get_agent_card()
        client = ClientFactory(ClientConfig(httpx_client=http, streaming=False)).create(card)
        inputs = {layout(interface.sample, 8, 17, 0)}
        message = {{"messageId": str(uuid4()), "role": "ROLE_USER", "parts": [{{"data": inputs}}]}}
        async for answer in client.send_message(ParseDict({{"message": message}}, SendMessageRequest())):
            print(json.dumps(MessageToDict(answer.message.parts[-1])["data"]))


asyncio.run(main())"""
    note = f"Needs the package a2a-sdk. The card of the agent is at {url}/.well-known/agent-card.json."
    return Snippet("A2A", "call_a2a.py", code, f"{note} {before(interface)}".strip())
