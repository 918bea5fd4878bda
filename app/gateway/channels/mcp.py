"""The MCP channel: Streamable HTTP at ``/mcp`` (every agent that the caller's key opens) and ``/mcp/{name}`` (one).

Nexus's own MCP server speaks WebSocket without authentication, which standard clients cannot use; this one is the
official low-level server. Answers are plain JSON; server-sent events carry the news that the list of tools has
changed, and the progress of an answer that comes in chunks.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import anyio
import mcp.types as mcp_types
from mcp.server import streamable_http_manager
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.session import ServerSession
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.shared.exceptions import McpError
from starlette.types import Receive, Scope, Send

from nexdeck.app.gateway.agents.streams import OnChunk
from nexdeck.app.gateway.channels.access import Visit
from nexdeck.app.gateway.channels.bodies import MOST_BYTES, check_size, read_body, replaying
from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving.host import Host
from nexdeck.app.gateway.serving.invocation import Caller, Invoker
from nexdeck.app.gateway.serving.revision import LoadedRevision
from nexdeck.models.choices import Channel

logger = logging.getLogger(__name__)
PREFIX = "/mcp"
NOTIFY_SECONDS = 5.0
RETRY_META = "nexdeck/retry-after"
_IN_EVENTS: ContextVar[bool] = ContextVar("nexdeck_mcp_in_events", default=False)


class _Transport(StreamableHTTPServerTransport):
    """The official transport answers in one of two ways for as long as a session lives; here each request has its own:
    plain JSON, but events where a client wants to hear of an answer in chunks."""

    @property
    def is_json_response_enabled(self) -> bool:
        return not _IN_EVENTS.get()

    @is_json_response_enabled.setter
    def is_json_response_enabled(self, _: bool) -> None:
        """What the manager says when it makes one; the request decides."""


streamable_http_manager.StreamableHTTPServerTransport = _Transport  # the manager has no option for it


@dataclass(slots=True, frozen=True)
class Viewer:
    """Whose eyes a session sees with, and through which address."""

    visit: Visit
    name: str | None  # of the one agent at /mcp/{name}


class _Server(Server):
    def create_initialization_options(self, notification_options=None, experimental_capabilities=None):
        return super().create_initialization_options(
            NotificationOptions(tools_changed=True), experimental_capabilities or {}
        )


class McpChannel:
    def __init__(self, host: Host, invoker: Invoker, version: str) -> None:
        self._host = host
        self._invoker = invoker
        self._server = _Server("nexdeck-gateway", version=version)
        # set directly: the decorators keep a cache of tools that would go stale
        self._server.request_handlers[mcp_types.ListToolsRequest] = self._list_tools
        self._server.request_handlers[mcp_types.CallToolRequest] = self._call_tool
        # Host and Origin are checked at the gateway's door, for this route as for all others.
        self._manager = streamable_http_manager.StreamableHTTPSessionManager(
            app=self._server, json_response=True, max_request_body_size=MOST_BYTES
        )
        self._seen: WeakKeyDictionary[ServerSession, tuple[Viewer, list[mcp_types.Tool]]] = WeakKeyDictionary()
        self._notices: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        async with self._manager.run():
            yield

    async def answer(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises GatewayProblem for an agent that is not there, whose MCP channel is off, or for a missing key."""
        name = scope["path"][len(PREFIX) + 1 :].rstrip("/") or None
        if name is not None:
            revision = self._host.revision(name, visit.revision)
            visit.require(revision)
            if Channel.MCP not in revision.bundle.manifest.channels:
                raise GatewayProblem(403, "channel_disabled", f"The MCP channel of {name!r} is switched off.")
        # The session manager serves a session only to the identity that opened it: here the key and the address.
        identity = f"{visit.key} {name} {visit.revision}"
        user = AuthenticatedUser(AccessToken(token="", client_id=identity, scopes=[]))
        viewer = Viewer(visit, name)
        if scope["method"] == "POST":
            body = await read_body(scope, receive)
            _IN_EVENTS.set(self._comes_in_chunks(body, viewer))
            receive = replaying(body, receive)
            scope = {**scope, "body_size": len(body)}
        await self._manager.handle_request({**scope, "user": user, "viewer": viewer}, receive, send)

    def tools_changed(self) -> None:
        """Tell every session whose list of tools looks different now."""
        for session, (viewer, seen) in list(self._seen.items()):
            now = self._tools(viewer)
            if now != seen:
                self._seen[session] = viewer, now
                task = asyncio.create_task(_notify(session))
                self._notices.add(task)
                task.add_done_callback(self._notices.discard)

    async def close_streams(self) -> None:
        """End the streams that wait for news; calls in flight go on."""
        for transport in list(self._manager._server_instances.values()):
            transport.close_standalone_sse_stream()

    async def _list_tools(self, request: mcp_types.ListToolsRequest) -> mcp_types.ServerResult:
        context = self._server.request_context
        viewer = context.request.scope["viewer"]
        tools = self._tools(viewer)
        self._seen[context.session] = viewer, tools
        return mcp_types.ServerResult(mcp_types.ListToolsResult(tools=tools))

    async def _call_tool(self, request: mcp_types.CallToolRequest) -> mcp_types.ServerResult:
        scope = self._server.request_context.request.scope
        viewer: Viewer = scope["viewer"]
        name, visit = request.params.name, viewer.visit
        if name not in self._visible(viewer):
            raise McpError(mcp_types.ErrorData(code=mcp_types.INVALID_PARAMS, message=f"Unknown tool: {name}"))
        revision = self._host.answering(name, visit.revision)
        if not visit.opens(revision):
            raise McpError(mcp_types.ErrorData(code=mcp_types.INVALID_PARAMS, message=f"{name} wants a key now."))
        caller = Caller(Channel.MCP.value, visit.request_id, visit.control, visit.probe, visit.key, visit.trace)
        try:
            check_size(scope["body_size"], revision.bundle.manifest.limits)
            on_chunk = self._progress(request.params.meta)
            output = await self._invoker.invoke(revision, request.params.arguments or {}, caller, on_chunk)
        except GatewayProblem as problem:
            text = problem.problem(visit.request_id).model_dump_json()
            return _result(text, None, is_error=True, meta=_waiting(problem))
        return _result(output.text.decode(), output.value, is_error=False)

    def _comes_in_chunks(self, body: bytes, viewer: Viewer) -> bool:
        """Whether the message calls an agent that streams, and wants to hear of its progress."""
        if b'"progressToken"' not in body:
            return False
        try:
            revision = self._visible(viewer).get(json_text.parse(body)["params"]["name"])
        except (json_text.NotJson, KeyError, TypeError):
            return False
        return revision is not None and revision.agent.stream is not None

    def _progress(self, meta: mcp_types.RequestParams.Meta | None) -> OnChunk | None:
        """Tells the chunks of an output to a client that asked for news of progress."""
        if meta is None or meta.progressToken is None:
            return None
        token, context, numbers = meta.progressToken, self._server.request_context, itertools.count(1)

        async def tell(chunk: Any) -> None:
            text = chunk if isinstance(chunk, str) else json_text.dump(chunk).decode()
            number, related = next(numbers), str(context.request_id)
            await context.session.send_progress_notification(token, number, None, text, related)

        return tell

    def _tools(self, viewer: Viewer) -> list[mcp_types.Tool]:
        return [_tool(name, revision) for name, revision in sorted(self._visible(viewer).items())]

    def _visible(self, viewer: Viewer) -> dict[str, LoadedRevision]:
        if viewer.name is not None:
            try:
                found = {viewer.name: self._host.revision(viewer.name, viewer.visit.revision)}
            except GatewayProblem:  # undeployed since the session began
                found = {}
        else:
            found = {deployment.name: deployment.live for deployment in self._host.deployments() if deployment.live}
        return {
            name: revision
            for name, revision in found.items()
            if Channel.MCP in revision.bundle.manifest.channels and viewer.visit.opens(revision)
        }


def _tool(name: str, revision: LoadedRevision) -> mcp_types.Tool:
    manifest = revision.bundle.manifest
    return mcp_types.Tool(
        name=name,
        description=manifest.about,
        inputSchema=manifest.input_schema,
        outputSchema={"type": "object", **manifest.output_schema},
    )


def _result(
    text: str, value: dict | None, *, is_error: bool, meta: dict[str, Any] | None = None
) -> mcp_types.ServerResult:
    content = [mcp_types.TextContent(type="text", text=text)]
    result = mcp_types.CallToolResult(content=content, structuredContent=value, isError=is_error, _meta=meta)
    return mcp_types.ServerResult(result)


def _waiting(problem: GatewayProblem) -> dict[str, Any] | None:
    """MCP has no header to say it in: how many seconds to wait before another call."""
    wait = problem.headers.get("Retry-After")
    return None if wait is None else {RETRY_META: int(wait)}


async def _notify(session: ServerSession) -> None:
    """A session whose client does not read must not hold up anything, and one that just ended is no error."""
    with contextlib.suppress(TimeoutError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        async with asyncio.timeout(NOTIFY_SECONDS):
            await session.send_tool_list_changed()
