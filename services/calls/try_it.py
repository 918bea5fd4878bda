"""Tries a deployment as its callers would: with a caller's own key, through a channel, showing whatever comes back."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from time import perf_counter
from typing import Any

from nexdeck.models.base import now
from nexdeck.models.choices import Channel
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.errors import Fault, InvalidInput
from nexdeck.services.gateways.client import MCP_PROTOCOL, GatewayClient
from nexdeck.services.gateways.connections import GatewayConnections
from nexdeck.services.gateways.sse import EventReader, StreamEvent, events_in

GRACE_SECONDS = 5.0  # the gateway times the agent out by itself; this is for the way there and back
_MCP_ACCEPT = "application/json, text/event-stream"


@dataclass(frozen=True)
class TryResult:
    """One call and its answer as it came: ``body`` is its text, ``milliseconds`` what the caller waited for it."""

    channel: Channel
    inputs: dict[str, Any]
    at: datetime
    status: int
    milliseconds: float
    headers: dict[str, str]
    body: str
    first_piece_ms: float | None = None  # of an answer that came in pieces

    @cached_property
    def events(self) -> list[StreamEvent]:
        """Of an answer that came in events; empty for all others."""
        is_streamed = self.headers.get("content-type", "").startswith("text/event-stream")
        return events_in(self.body) if is_streamed and self.channel is Channel.API else []

    @property
    def is_tool_error(self) -> bool:
        """MCP reports an agent's failure inside a good answer."""
        try:
            message = json.loads(self.body) if self.channel is Channel.MCP else {}
            return "error" in message or message.get("result", {}).get("isError", False)
        except (ValueError, AttributeError, TypeError):
            return False


async def try_call(
    connections: GatewayConnections,
    interface: CallerInterface,
    inputs: dict[str, Any],
    *,
    channel: Channel = Channel.API,
    key: str = "",
    on_chunk: Callable[[Any], None] | None = None,
) -> TryResult:
    """A refusal is an answer too. Raises GatewayUnreachable, GatewayError ``timeout``, or InvalidInput at ``key``.

    With ``on_chunk`` the API channel is asked to stream, and each chunk is told as it comes.
    """
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        message = "has characters that no key has; was it copied whole?"
        raise InvalidInput("The key is not one.", errors=[Fault("key", message)])
    client = connections.to(interface.gateway_url, key, interface.trust)
    seconds = interface.limits.timeout_seconds + GRACE_SECONDS
    if channel is Channel.MCP:
        return await _over_mcp(client, interface.name, inputs, seconds)
    path, body = f"/workflows/{interface.name}/execute", {"inputs": inputs}
    headers = {} if on_chunk is None else {"Accept": "text/event-stream"}
    return await _timed(client, path, body, headers, seconds, inputs, on_chunk)


async def _over_mcp(client: GatewayClient, name: str, inputs: dict[str, Any], seconds: float) -> TryResult:
    """Opens a session, calls the tool and ends the session; the answer is that of the first message that failed."""
    path, headers = f"/mcp/{name}", {"Accept": _MCP_ACCEPT}
    about = {"name": "nexdeck", "version": "1"}
    hello = {"protocolVersion": MCP_PROTOCOL, "capabilities": {}, "clientInfo": about}
    opened = await _timed(client, path, _message("initialize", hello, 1), headers, seconds, inputs)
    session = opened.headers.get("mcp-session-id")
    if session is None:
        return opened
    headers |= {"Mcp-Session-Id": session, "MCP-Protocol-Version": MCP_PROTOCOL}
    try:
        await client.ask("POST", path, _message("notifications/initialized", {}), headers, seconds)
        call = _message("tools/call", {"name": name, "arguments": inputs}, 2)
        return await _timed(client, path, call, headers, seconds, inputs)
    finally:
        await client.ask("DELETE", path, None, headers, seconds)


def _message(method: str, params: dict[str, Any], number: int | None = None) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return message if number is None else {**message, "id": number}


async def _timed(
    client: GatewayClient,
    path: str,
    body: dict[str, Any],
    headers: dict[str, str],
    seconds: float,
    inputs: dict[str, Any],
    on_chunk: Callable[[Any], None] | None = None,
) -> TryResult:
    channel = Channel.MCP if path.startswith("/mcp/") else Channel.API
    at, began = now(), perf_counter()
    reader, first_ms = EventReader(), None

    def take(content: bytes) -> None:
        nonlocal first_ms
        for event in reader.feed(content):
            if event.name == "chunk":
                first_ms = first_ms or (perf_counter() - began) * 1000
                on_chunk(event.data)

    answer = await client.ask("POST", path, body, headers, seconds, take if on_chunk is not None else None)
    milliseconds = (perf_counter() - began) * 1000
    return TryResult(channel, inputs, at, answer.status_code, milliseconds, dict(answer.headers), answer.text, first_ms)


def pretty_body(body: str) -> tuple[str, str]:
    """The text, indented where it is JSON, and the suffix that tells its language."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False), "json"
    except (ValueError, RecursionError):
        return body, "txt"
