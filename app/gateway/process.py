"""The process around the gateway: its log, its event loop, and how it ends."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

try:
    import uvloop
except ImportError:  # it is not made for Windows
    uvloop = None

from nexdeck.app.gateway.channels.access import Door
from nexdeck.app.gateway.ground import environment
from nexdeck.app.gateway.ground.context import CURRENT
from nexdeck.app.gateway.ground.store import BundleStore
from nexdeck.app.gateway.llm.egress import AllowedHosts
from nexdeck.app.gateway.llm.prices import Prices
from nexdeck.app.gateway.server import GatewayApp
from nexdeck.app.gateway.serving.invocation import Invoker
from nexdeck.app.gateway.telemetry.call_buffer import CallBuffer
from nexdeck.app.gateway.telemetry.counter_export import CounterStore
from nexdeck.app.gateway.telemetry.log_buffer import LogBuffer, LogCapture, PrintCapture

if TYPE_CHECKING:  # it imports cryptography, 0.1 s that a gateway without TLS does not need
    from nexdeck.app.gateway.certificate import Certificate

logger = logging.getLogger(__name__)
DRAIN_SECONDS = 10
KEEP_ALIVE_SECONDS = 75  # longer than clients' pools keep idle connections: they close first, and lose no call
DEFAULT_THREADS = 64
# They log dozens of lines for each call; what goes wrong in a call is reported by the gateway itself.
CHATTY = {
    "nexus": "ERROR",
    "kailash": "ERROR",
    "kaizen": "WARNING",
    "kailash_mcp": "ERROR",
    "mcp": "WARNING",
    "httpx": "WARNING",
    "httpcore": "WARNING",
    "uvicorn": "WARNING",
    "asyncio": "WARNING",
}


def serve(
    options: argparse.Namespace, token: str, listener: socket.socket, certificate: "Certificate | None" = None
) -> int:
    """Serve until a signal comes. Raises OSError or DataDirInUse for the data folder, ValueError for a host list."""
    allowed = AllowedHosts(options.llm_allowed_hosts)
    store = BundleStore(options.data_dir)
    counters = CounterStore(options.data_dir / "counters")
    logs = LogBuffer()
    _configure_logging(options.log_level, logs)
    # prints of agents become log lines; uvicorn's and our own pass through
    prints = PrintCapture(sys.stdout, logs, "INFO"), PrintCapture(sys.stderr, logs, "WARNING")
    sys.stdout, sys.stderr = prints
    environment.install(lambda: (call := CURRENT.get()) and call.environment)
    door = Door(token, _names(options.allowed_hosts) | {options.host.lower()}, _names(options.allowed_origins))
    _tell_where(options.name, listener, certificate)
    loop = uvloop.new_event_loop() if uvloop else asyncio.new_event_loop()
    # for agents that call asyncio.to_thread themselves; asyncio's own default is six threads on two cores
    loop.set_default_executor(ThreadPoolExecutor(DEFAULT_THREADS, "default"))
    tracing = None
    try:
        calls, port = CallBuffer(), listener.getsockname()[1]
        if options.otlp_endpoint:
            from nexdeck.app.gateway.tracing import (  # not imported where it is off
                TracedGateway,
                TracedInvoker,
                Tracing,
            )

            tracing = Tracing(options.otlp_endpoint, "nexdeck-gateway", options.name)
            invoker = TracedInvoker(logs, calls, prints, tracer=tracing.tracer)
        else:
            invoker = Invoker(logs, calls, prints)
        gateway = GatewayApp(store, counters, door, allowed, Prices(options.llm_prices), logs, calls, port, invoker)
        served = TracedGateway(gateway, tracing.tracer, options.name) if tracing else gateway
        # The loop is not closed: that would wait for threads of agents that never end.
        return loop.run_until_complete(_live(gateway, served, listener, certificate))
    finally:
        if tracing is not None:
            tracing.close()
        store.close()


async def _live(
    gateway: GatewayApp, served: ASGIApp, listener: socket.socket, certificate: "Certificate | None"
) -> int:
    config = uvicorn.Config(
        served,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=certificate and certificate.file,
        ssl_keyfile=certificate and certificate.key,
    )
    server = _Server(config, gateway)
    life = asyncio.create_task(gateway.run())
    life.add_done_callback(lambda _: server.handle_exit(signal.SIGTERM, None))  # without it there is nothing to serve
    await server.serve(sockets=[listener])
    gateway.end()
    try:
        await asyncio.wait_for(life, DRAIN_SECONDS)
    except TimeoutError:
        logger.warning("gave up waiting for the end of Nexus")
    except Exception:  # the boundary of the process: the cause goes to its log, the exit code tells its parent
        logger.exception("the gateway failed")
        return 1
    return 0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, gateway: GatewayApp) -> None:
        super().__init__(config)
        self._gateway = gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """As uvicorn's own, but the signal is not raised again after the shutdown: ending as told is a success."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._gateway.close_streams()
        await super().shutdown(sockets)


def _tell_where(name: str, listener: socket.socket, certificate: "Certificate | None") -> None:
    host, port = listener.getsockname()[:2]
    address = f"{f'[{host}]' if ':' in host else host}:{port}"
    if certificate is None:
        logger.info("gateway %s listens on http://%s", name, address)
        return
    logger.info("gateway %s listens on https://%s", name, address)
    logger.info("its certificate's SHA-256 is %s", certificate.fingerprint)
    if certificate.problem:
        logger.warning("%s", certificate.problem)


def _configure_logging(level: str, logs: LogBuffer) -> None:
    """Before nexus is imported, which would otherwise configure logging itself."""
    own = logging.StreamHandler(sys.stderr)
    own.setLevel(level)
    own.addFilter(lambda record: CURRENT.get() is None)
    own.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[own, LogCapture(logs)], force=True)
    logging.getLogger("nexdeck.app.gateway").setLevel(level)
    for name, least in CHATTY.items():
        logging.getLogger(name).setLevel(least)


def _names(listed: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in listed.split(",") if name.strip())
