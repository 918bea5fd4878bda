"""The web app: pages, REST API and probes on one port."""

import asyncio
import importlib.metadata
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from nicegui import ui
from nicegui.storage import Storage

from nexdeck.app.api import build_api
from nexdeck.app.guard import HostAndOriginGuard
from nexdeck.app.scheduler import keep_time, schedule
from nexdeck.app.settings import LOOPBACK, Settings
from nexdeck.app.status.page import mount_status_page
from nexdeck.models.actor import Actor
from nexdeck.pages.assets import STATIC
from nexdeck.pages.registry import register
from nexdeck.services.metrics.prometheus import MEDIA_TYPE
from nexdeck.services.studio import Studio

if TYPE_CHECKING:
    from nexdeck.app.tracing import Tracing  # large: imported only where traces are wanted


def build_web(studio: Studio, settings: Settings, tracing: "Tracing | None" = None) -> FastAPI:
    """The whole web app around a studio that runs; the lifespan of the app is that of the scheduled jobs."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        scheduler = schedule(studio, settings)
        scheduler.start()
        timekeeper = asyncio.create_task(keep_time(scheduler), name="keep time")
        yield
        timekeeper.cancel()
        scheduler.shutdown(wait=False)

    web = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    web.get("/healthz")(_healthz)

    @web.get("/readyz")
    async def readyz() -> JSONResponse:
        gateways = {s.gateway.name: s.gateway.status for s in await studio.gateways.list(actor=Actor.system())}
        ready = gateways.get("local") == "online"
        return JSONResponse({"ready": ready, "gateways": gateways}, 200 if ready else 503)

    @web.get("/metrics")
    async def metrics() -> Response:
        return Response(await studio.prometheus.exposition(actor=Actor.system()), media_type=MEDIA_TYPE)

    api = build_api(studio)
    if tracing is not None:
        tracing.watch(api)
    web.mount("/api", api)
    mount_status_page(web, studio.status_pages)
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
