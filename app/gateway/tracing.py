"""Traces of calls, from the gateway's door to the agent and back. Imported only with ``--otlp-endpoint``."""

import asyncio
from typing import Any

from opentelemetry.trace import SpanKind, StatusCode, Tracer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexdeck.app.gateway.agents.outputs import Output
from nexdeck.app.gateway.agents.streams import OnChunk
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving.invocation import Caller, Invoker
from nexdeck.app.gateway.serving.revision import LoadedRevision
from nexdeck.app.tracing import TRACE_HEADER, Tracing, context_of, end_with_status, header_of

__all__ = ["TracedGateway", "TracedInvoker", "Tracing"]
_HEADER = TRACE_HEADER.encode()


class TracedGateway:
    """A span around each call; around a control request only when it is part of a trace, else each poll would be one.

    What is inside sees the ``traceparent`` of that span: MCP answers in a task of the session, where the context of the
    request is not at hand, but its headers are.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer, gateway_name: str) -> None:
        self._app = app
        self._tracer = tracer
        self._attributes = {"nexdeck.gateway": gateway_name}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"]).get(_HEADER) if scope["type"] == "http" else None
        route = _route(scope["path"]) if scope["type"] == "http" else None
        if route is None or not (given or route != CONTROL):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        attributes = {**self._attributes, "http.request.method": method, "http.route": route}
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            context=context_of(given),
            kind=SpanKind.SERVER,
            attributes=attributes,
            record_exception=False,
        ) as span:

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    end_with_status(span, message["status"])
                await send(message)

            headers = [(name, value) for name, value in scope["headers"] if name != _HEADER]
            headers.append((_HEADER, header_of(span).encode()))
            await self._app({**scope, "headers": headers}, receive, send_noted)


CONTROL = "/control/v1"


def _route(path: str) -> str | None:
    """What a span is named after; names of agents are not part of it. None: it is not traced."""
    if path.startswith("/workflows/"):
        return "/workflows/{name}/execute"
    if path == "/mcp" or path.startswith("/mcp/"):
        return "/mcp/{name}" if path[5:] else "/mcp"
    return CONTROL if path.startswith(CONTROL) else None


class TracedInvoker(Invoker):
    """A span around each call of an agent, whatever channel it came through."""

    def __init__(self, *parts: Any, tracer: Tracer) -> None:
        super().__init__(*parts)
        self._tracer = tracer

    async def invoke(
        self, revision: LoadedRevision, inputs: dict[str, Any], caller: Caller, on_chunk: OnChunk | None = None
    ) -> Output:
        attributes = {
            "nexdeck.deployment.id": revision.deployment_id,
            "nexdeck.deployment.name": revision.bundle.name,
            "nexdeck.revision": revision.number,
            "nexdeck.channel": caller.channel,
            "nexdeck.probe": caller.probe,
            "nexdeck.request_id": caller.request_id,
        }
        with self._tracer.start_as_current_span(
            f"agent {revision.bundle.name}",
            context=context_of(caller.trace),
            attributes=attributes,
            record_exception=False,  # messages of exceptions quote inputs
            set_status_on_exception=False,
        ) as span:
            status = 200
            try:
                return await super().invoke(revision, inputs, caller, on_chunk)
            except GatewayProblem as problem:
                status = problem.status_code
                span.set_attribute("error.type", problem.code)
                raise
            except asyncio.CancelledError:
                status = 499
                raise
            finally:
                span.set_attribute("nexdeck.status", status)
                if status >= 500:
                    span.set_status(StatusCode.ERROR)
