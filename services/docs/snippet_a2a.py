"""The program that calls a deployment as an A2A agent. Pure."""

import json

from nexdeck.services.catalog.codegen.literals import layout
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.docs.snippet_parts import Snippet, before, python_client


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
