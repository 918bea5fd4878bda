"""OpenTelemetry traces, sent to an OTLP/HTTP collector. Imported only where ``NEXDECK_OTLP_ENDPOINT`` is set.

Spans tell who called what, when and how it ended: never inputs, outputs, keys or queries. OpenTelemetry's own variables
(``OTEL_EXPORTER_OTLP_HEADERS`` for a collector's credentials, ``OTEL_TRACES_SAMPLER``) hold as well. The provider is
not made the process's global one, so that what libraries trace by themselves, prompts among it, goes nowhere.
"""

from importlib.metadata import version

import httpx
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXPORT_SECONDS = 3  # for one batch; a collector that is down must not hold up the end of the program
TRACE_HEADER = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()


class Tracing:
    """``tracer`` makes spans; ``close`` sends the last of them."""

    def __init__(self, endpoint: str, service: str, instance: str) -> None:
        """``endpoint`` as OTLP has it, e.g. http://127.0.0.1:4318; ``/v1/traces`` is added."""
        described = {"service.name": service, "service.version": version("nexdeck"), "service.instance.id": instance}
        self._provider = TracerProvider(resource=Resource.create(described))
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self.tracer: Tracer = self._provider.get_tracer("nexdeck")

    def watch(self, api: FastAPI) -> None:
        api.add_middleware(TracedRequests, tracer=self.tracer)

    def around(self, transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """What calls to gateways are to go through instead."""
        return TracedTransport(transport, self.tracer)

    def close(self) -> None:
        self._provider.shutdown()


def context_of(header: bytes | str | None) -> Context:
    """The trace that a ``traceparent`` header names; of its own where there is none, or one that is malformed."""
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    return _PROPAGATOR.extract({TRACE_HEADER: text} if text else {}, context=Context())


def header_of(span: Span) -> str:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context=trace.set_span_in_context(span))
    return carrier.get(TRACE_HEADER, "")


def end_with_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(StatusCode.ERROR)


class TracedRequests:
    """ASGI middleware of the REST API: a span around each request, named by its route."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parent = context_of(dict(scope["headers"]).get(TRACE_HEADER.encode()))
        method = scope["method"]
        with self._tracer.start_as_current_span(
            method, context=parent, kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attribute("http.request.method", method)

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    end_with_status(span, message["status"])
                await send(message)

            try:
                await self.app(scope, receive, send_noted)
            finally:
                if (route := scope.get("route")) is not None:
                    span.update_name(f"{method} /api{route.path}")
                    span.set_attribute("http.route", f"/api{route.path}")


class TracedTransport(httpx.AsyncBaseTransport):
    """Calls to gateways go on with the trace that they are part of; what we do by ourselves begins none."""

    def __init__(self, inner: httpx.AsyncBaseTransport, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not trace.get_current_span().get_span_context().is_valid:
            return await self._inner.handle_async_request(request)
        attributes = {
            "http.request.method": request.method,
            "server.address": request.url.host,
            "server.port": request.url.port or 0,
            "url.path": request.url.path,
        }
        with self._tracer.start_as_current_span(
            f"{request.method} gateway", kind=SpanKind.CLIENT, attributes=attributes, record_exception=False
        ) as span:
            request.headers[TRACE_HEADER] = header_of(span)
            answer = await self._inner.handle_async_request(request)
            end_with_status(span, answer.status_code)
            return answer

    async def aclose(self) -> None:
        await self._inner.aclose()
