"""The web program: pages, REST API and probes on one port, and the lifespan of everything behind them."""

import asyncio
import errno
import importlib.metadata
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import portalocker
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from nicegui import ui
from nicegui.storage import Storage

from app.api import build_api
from app.build import build_studio
from app.guard import HostAndOriginGuard
from app.scheduler import schedule
from app.settings import Settings
from pages.assets import STATIC
from pages.registry import register
from services.studio import Studio

LOOPBACK = ("127.0.0.1", "::1", "localhost")
USAGE, IN_USE = 2, 4  # exit codes, as ``nexdeck --help`` lists them
logger = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM. Returns the exit code; what prevents a start is said in one line on stderr."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if settings.host not in LOOPBACK:
        return _refuse(
            f"NEXDECK_HOST={settings.host}: without a sign-in Nexdeck listens on loopback only. "
            "Use 127.0.0.1 and reach it from elsewhere through an SSH tunnel.",
            USAGE,
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = portalocker.Lock(settings.data_dir / "nexdeck.lock", timeout=0)
    try:
        listener = _listen(settings)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _refuse(
            f"Port {settings.port} on {settings.host} is in use, perhaps by another Nexdeck. "
            "Stop that one, or choose another port: NEXDECK_PORT=8410.",
            IN_USE,
        )
    try:
        with lock:
            return _run(settings, listener)
    except portalocker.exceptions.LockException:
        return _refuse(
            f"Another Nexdeck uses the data folder {settings.data_dir}. Stop it, or choose another folder with "
            "NEXDECK_DATA_DIR.",
            IN_USE,
        )
    finally:
        listener.close()


def build_web(studio: Studio, settings: Settings) -> FastAPI:
    """The whole web app around a studio; its lifespan starts and stops the studio."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        scheduler = schedule(studio, settings)
        await studio.start()
        scheduler.start()
        yield
        scheduler.shutdown(wait=False)
        await studio.stop()

    web = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    web.get("/healthz")(_healthz)

    @web.get("/readyz")
    async def readyz() -> JSONResponse:
        gateways = {s.gateway.name: s.gateway.status for s in await studio.gateways.list()}
        ready = gateways.get("local") == "online"
        return JSONResponse({"ready": ready, "gateways": gateways}, 200 if ready else 503)

    web.mount("/api", build_api(studio))
    Storage.path = settings.data_dir / "browser"  # what NiceGUI keeps of each browser: the chosen theme
    root = register(studio, about=_about(settings, studio))
    ui.run_with(
        web,
        root=root,
        title="Nexdeck",
        dark=None,
        favicon=STATIC / "logo.svg",
        tailwind=False,
        storage_secret=_storage_secret(settings.data_dir / "storage.secret"),
        reconnect_timeout=10.0,
        show_welcome_message=False,
    )
    hosts = [*LOOPBACK, *(name.strip() for name in settings.allowed_hosts.split(",") if name.strip())]
    web.add_middleware(HostAndOriginGuard, allowed_hosts=hosts)
    return web


async def _healthz() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


def _run(settings: Settings, listener: socket.socket) -> int:
    studio = build_studio(settings)
    web = build_web(studio, settings)
    config = uvicorn.Config(
        web,
        access_log=False,
        log_config=None,
        timeout_keep_alive=3600,  # shorter ones cut websockets that were upgraded on a reused connection
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    print(f"Nexdeck serves at {settings.url}  (data: {settings.data_dir})", flush=True)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: None)  # uvicorn raises the signal again once it has shut down
    asyncio.run(_Server(config, studio).serve(sockets=[listener]))
    return 0


class _Server(uvicorn.Server):
    """Ends the streams of log lines first: they have no end of their own that a shutdown could wait for."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._studio.logs.end_streams()
        await super().shutdown(sockets)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(2048)
    return listener


def _storage_secret(path: Path) -> str:
    """What signs the browser's cookies; kept, so that open pages survive a restart."""
    with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text()


def _about(settings: Settings, studio: Studio) -> dict[str, Any]:
    """What the settings page tells; a password in the database's address stays out of it."""
    values = settings.model_dump(mode="json") | {"database_url": studio.database.address}
    return {
        "version": importlib.metadata.version("nexdeck"),
        "data_dir": str(settings.data_dir),
        "database": studio.database.kind,
        "url": settings.url,
        "settings": [
            {"name": f"NEXDECK_{name.upper()}", "value": str(values[name]), "description": field.description}
            for name, field in Settings.model_fields.items()
        ],
    }


def _refuse(message: str, code: int) -> int:
    print(f"nexdeck: {message}", file=sys.stderr)
    return code
