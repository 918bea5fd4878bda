"""The gateway as one ASGI application: its own routes in front, real Nexus behind.

It answers ``/livez`` and ``/control/v1/state`` while Nexus, which takes a second or more to import, is still being
loaded; a change asked for meanwhile waits. ``/readyz`` says when everything that was live before is live again.
"""

import asyncio
import gc
import logging
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexdeck.app.gateway.channels.a2a import PREFIX as A2A_PREFIX
from nexdeck.app.gateway.channels.a2a import A2aChannel
from nexdeck.app.gateway.channels.access import Door, Visit
from nexdeck.app.gateway.channels.execute import PREFIX as API_PREFIX
from nexdeck.app.gateway.channels.execute import ApiChannel
from nexdeck.app.gateway.control.controllers import Controllers
from nexdeck.app.gateway.control.exposition import MEDIA_TYPE, Exposition
from nexdeck.app.gateway.control.routes import routes as control_routes
from nexdeck.app.gateway.ground.problems import GatewayProblem, busy, unauthorized
from nexdeck.app.gateway.ground.store import BundleStore
from nexdeck.app.gateway.llm.egress import AllowedHosts
from nexdeck.app.gateway.llm.prices import Prices
from nexdeck.app.gateway.serving.host import Host
from nexdeck.app.gateway.serving.invocation import Invoker
from nexdeck.app.gateway.serving.restoring import restore
from nexdeck.app.gateway.telemetry.call_buffer import CallBuffer
from nexdeck.app.gateway.telemetry.counter_export import CounterExport, CounterStore
from nexdeck.app.gateway.telemetry.log_buffer import LogBuffer
from nexdeck.app.gateway.telemetry.meter import Meter
from nexdeck.models.control import CONTROL_PREFIX, GatewayState

logger = logging.getLogger(__name__)
VERSION = version("nexdeck")
# FastAPI's pages of documentation, Nexus's own and each workflow's, run scripts from another host in our origin.
FOREIGN_PAGES = ("/docs", "/redoc", "/docs/oauth2-redirect")
Answer = Callable[[Visit, Scope, Receive, Send], Awaitable[None]]


class GatewayApp:
    """``run`` is its life, in one task; calls come in through ``__call__`` from the first moment on."""

    def __init__(
        self,
        store: BundleStore,
        counters: CounterStore,
        door: Door,
        allowed: AllowedHosts,
        prices: Prices,
        logs: LogBuffer,
        calls: CallBuffer,
        port: int,
        invoker: Invoker,
    ) -> None:
        self._store = store
        self._door = door
        self._allowed = allowed
        self._prices = prices
        self._invoker = invoker
        self._port = port
        self._meter = Meter()
        self._exposition = Exposition(self._meter, VERSION)
        self._controllers = Controllers()
        self._boot_id = secrets.token_hex(8)
        self._counter_export = CounterExport(self._meter, counters, self._boot_id)
        self._started_at = datetime.now(UTC)
        self._loaded = asyncio.Event()
        self._ending = asyncio.Event()
        self._host: Host | None = None
        own = [
            Route("/livez", self._livez),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
            *control_routes(self._loaded_host, logs, calls, self._counter_export, self.state),
        ]
        self._own = Router(own, default=_no_such_route)
        # who answers at a path and below it; the channels are added when Nexus is there
        self._answers: dict[str, Answer] = {
            "/livez": self._answer_itself,
            "/readyz": self._answer_itself,
            "/metrics": self._answer_itself,
            CONTROL_PREFIX: self._answer_control,
        }
        self._elsewhere: Answer = _not_yet

    def state(self) -> GatewayState:
        return GatewayState(
            version=VERSION,
            boot_id=self._boot_id,
            pid=os.getpid(),
            started_at=self._started_at,
            ready=self._is_ready(),
            deployments=self._host.states() if self._host else [],
            claimants=self._controllers.claimants(),
        )

    async def run(self) -> None:
        """Load Nexus, restore what was live, then keep both running until ``end``."""
        # the heavy imports, in a thread: the loop answers meanwhile
        runtime, mcp_server = await asyncio.to_thread(_import_nexus_and_mcp)
        nexus = await asyncio.to_thread(runtime.NexusRuntime, self._port)
        host = Host(self._store, nexus, self._meter, self._fit_kaizen)
        mcp = mcp_server.McpChannel(host, self._invoker, VERSION)
        host.on_change = mcp.tools_changed
        self._mcp, self._host = mcp, host
        self._answers |= {
            API_PREFIX: ApiChannel(host, self._invoker, nexus.app).answer,
            mcp_server.PREFIX: mcp.answer,
            A2A_PREFIX: A2aChannel(host, self._invoker).answer,
        }
        self._elsewhere = _for_anybody(nexus.app)
        async with nexus.app.router.lifespan_context(nexus.app), mcp.run():
            self._loaded.set()
            await restore(host, self._store)
            logger.info("ready with %d deployments", len(host.states()))
            await asyncio.to_thread(self._warm_kaizen, asyncio.get_running_loop())
            saving = asyncio.create_task(self._counter_export.keep_saved())
            await self._ending.wait()
            saving.cancel()
            await self._counter_export.save()

    async def close_streams(self) -> None:
        """End what would otherwise stay open for ever, so that a shutdown waits for calls only."""
        if self._host is not None:
            await self._mcp.close_streams()

    def end(self) -> None:
        self._ending.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":  # nothing here speaks it, and Nexus's own echo would bypass the door
                await send({"type": "websocket.close", "code": 1008})
            return
        request_id = self._door.request_id(scope["headers"])
        header = (b"x-request-id", request_id.encode())
        began = False

        async def send_with_id(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            visit = self._door.admit(scope["headers"], request_id)
            await self._answer_at(scope["path"])(visit, scope, receive, send_with_id)
        except GatewayProblem as problem:
            await problem.response(request_id)(scope, receive, send_with_id)
        except Exception:  # the boundary of the process: whatever was overlooked must still get an answer
            logger.exception("request %s failed", request_id)
            if began:
                raise
            problem = GatewayProblem(500, "internal_error", "The gateway failed; its process log has the cause.")
            await problem.response(request_id)(scope, receive, send_with_id)

    def _answer_at(self, path: str) -> Answer:
        if path.endswith(FOREIGN_PAGES):
            return _for_anybody(_no_such_route)
        for prefix, answer in self._answers.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return answer
        return self._elsewhere

    async def _answer_control(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        if not visit.control:
            raise unauthorized("The control API")
        await self._answer_itself(visit, scope, receive, send)

    async def _answer_itself(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        if visit.control:
            self._controllers.note(scope["headers"])
        await self._own(scope, receive, send)

    def _running_host(self) -> Host:
        if self._host is None:
            raise busy("starting", "The gateway is starting.")
        return self._host

    async def _loaded_host(self) -> Host:
        await self._loaded.wait()
        return self._running_host()

    def _is_ready(self) -> bool:
        return self._host is not None and self._host.ready

    async def _livez(self, request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, request: Request) -> Response:
        if not self._is_ready():
            raise busy("restoring", "The gateway is restoring its deployments.")
        return JSONResponse({"status": "ready"})

    async def _metrics(self, request: Request) -> Response:
        return Response(self._exposition.text(), media_type=MEDIA_TYPE)

    def _fit_kaizen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called in a loading thread, once a module has imported kaizen."""
        # large: imported only where an agent wants it, or in the background
        from nexdeck.app.gateway.llm import kaizen_llm

        kaizen_llm.install(self._allowed, self._prices, loop)

    def _warm_kaizen(self, loop: asyncio.AbstractEventLoop) -> None:
        """So that the first agent that uses kaizen does not wait for its import."""
        self._fit_kaizen(loop)
        # What was imported stays for ever: no collection needs to look at it again.
        gc.collect()
        gc.freeze()


def _import_nexus_and_mcp():
    from nexdeck.app.gateway.agents import runtime  # large: see the module's docstring
    from nexdeck.app.gateway.channels import mcp as mcp_server

    return runtime, mcp_server


async def _not_yet(visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
    raise busy("starting", "The gateway is starting.")


def _for_anybody(app: ASGIApp) -> Answer:
    """An application that does not ask who visits."""
    return lambda visit, scope, receive, send: app(scope, receive, send)


async def _no_such_route(scope: Scope, receive: Receive, send: Send) -> None:
    raise GatewayProblem(404, "no_such_route", f"There is no {scope['path']!r} here.")
