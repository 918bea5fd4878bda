"""Mounts the pages: ``register(studio, about=…)`` returns the root page function for ``ui.run_with``."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from nexdeck.pages.agent import agent_page
from nexdeck.pages.agents import agents_page
from nexdeck.pages.assets import mount_assets
from nexdeck.pages.deployment import deployment_page
from nexdeck.pages.deployments import deployments_page
from nexdeck.pages.feeds import Feeds, read_totals
from nexdeck.pages.gateways import gateways_page
from nexdeck.pages.health import health_page
from nexdeck.pages.incidents import incident_page, incidents_page
from nexdeck.pages.layout import Frame, Pages
from nexdeck.pages.overview import overview_page
from nexdeck.pages.settings import settings_page
from nexdeck.services.studio import Studio

PAGES = {
    "/": overview_page,
    "/deployments": deployments_page,
    "/deployments/{deployment_id}": deployment_page,
    "/agents": agents_page,
    "/agents/{agent}": agent_page,
    "/gateways": gateways_page,
    "/health": health_page,
    "/incidents": incidents_page,
    "/incidents/{incident_id}": incident_page,
    "/settings": settings_page,
}


def register(studio: Studio, *, about: dict[str, Any]) -> Callable[[], Awaitable[None]]:
    """``about``: version, data_dir, database (its kind) and settings (name, value, description each), for people."""
    mount_assets()
    feeds = Feeds.of(studio)

    async def root() -> None:
        frame, watch = Frame(about["version"]), feeds.totals.watch()
        with ui.element("main").classes("frame-main"):
            pages = Pages(PAGES, studio=studio, feeds=feeds, frame=frame, about=about)
        frame.show_totals(await read_totals(studio))
        watch.tell(frame.show_totals)
        await pages.ready()

    return root
