"""How everything is, worst first, each with its reason in plain words."""

from collections.abc import Callable
from datetime import datetime

from nicegui import ui

from models.deployment import DeploymentStatus, HealthState
from models.gateway import GatewayStatus
from pages.components.buttons import Button
from pages.components.chips import Chip
from pages.components.empty_state import empty_state
from pages.components.filters import Pager, cursor_of
from pages.components.moment import Moment
from pages.components.section import Section
from pages.feeds import Feeds
from pages.layout import Frame, page_head
from pages.notices import say
from pages.words import Look, gateway_look, health_look
from services.deployment_views import DeploymentQuery, DeploymentSummary
from services.gateway_rows import GatewaySummary
from services.studio import Studio

PAGE_SIZE = 50
LOOK_AGAIN = 15.0  # seconds; the time of the last look moves on without being news
WORST_FIRST = (HealthState.UNHEALTHY, HealthState.DEGRADED, HealthState.UNKNOWN, HealthState.HEALTHY)
GATEWAYS_WORST_FIRST = (GatewayStatus.OFFLINE, GatewayStatus.UNKNOWN, GatewayStatus.ONLINE)


async def health_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title("Health")
    board = HealthBoard(studio, frame)
    await board.build()
    feeds.gateways.watch(lambda _: board.refresh())
    ui.timer(LOOK_AGAIN, board.refresh, immediate=False)


class HealthBoard:
    def __init__(self, studio: Studio, frame: Frame) -> None:
        self._studio = studio
        self._address = frame.own_address(self.refresh)

    async def build(self) -> None:
        with page_head("Health", "What the last look at each gateway saw, worst first."):
            Button("Check everything now", self._check, symbol="refresh-cw").mark("check-all")
        with ui.element("div").classes("stack wide"):
            self._gateways = _board("Gateway", _gateway_rows, _gateways_key)
            self._deployments = _board("Running deployment", _deployment_rows, _deployments_key)
        self._pager = Pager(self._go)
        await self.refresh()

    async def _check(self) -> None:
        await self._studio.reconciler.sweep()
        await self.refresh()
        say("Every gateway was asked.")

    async def _go(self, page: str) -> None:
        self._address.go(page=page)
        await self.refresh()

    async def refresh(self) -> None:
        gateways = await self._studio.gateways.list()
        gateways.sort(key=lambda summary: GATEWAYS_WORST_FIRST.index(summary.gateway.status))
        self._gateways.show(gateways)
        cursor = cursor_of(self._address["page"], PAGE_SIZE)
        running = DeploymentQuery(status=DeploymentStatus.RUNNING, sort="health", limit=PAGE_SIZE, cursor=cursor)
        found = await self._studio.deployments.list(running)
        found.items.sort(key=lambda summary: WORST_FIRST.index(summary.deployment.health_status))
        self._deployments.show(found.items)
        self._pager.show(found)


def _board(first_head: str, build: Callable[[list], None], key: Callable[[list], list]) -> Section:
    with ui.element("div").classes("card"), ui.element("div").classes("list health-board"):
        with ui.element("div").classes("head"):
            for text in (first_head, "Health", "Why", "Last look"):
                ui.label(text)
        return Section(build, key, classes="rows")


def _gateways_key(summaries: list[GatewaySummary]) -> list:
    return [(g.id, g.url, g.status, g.status_reason, g.last_seen_at) for g in (s.gateway for s in summaries)]


def _deployments_key(summaries: list[DeploymentSummary]) -> list:
    rows = (s.deployment for s in summaries)
    return [(d.id, d.version, d.health_status, d.health_reason, d.last_health_check) for d in rows]


def _gateway_rows(summaries: list[GatewaySummary]) -> None:
    for summary in summaries:
        _gateway_row(summary)


def _deployment_rows(summaries: list[DeploymentSummary]) -> None:
    for summary in summaries:
        _deployment_row(summary)
    if not summaries:
        with ui.element("div").style("grid-column: 1 / -1"):
            empty_state("activity", "Nothing is running", "Running deployments appear here with their health.")


def _gateway_row(summary: GatewaySummary) -> None:
    gateway = summary.gateway
    reason = gateway.status_reason or ("It answers." if gateway.status is GatewayStatus.ONLINE else "Not asked yet.")
    _row(gateway.name, "/gateways", gateway.url, gateway_look(gateway), reason, gateway.last_seen_at)


def _deployment_row(summary: DeploymentSummary) -> None:
    deployment = summary.deployment
    where = f"{summary.agent_name} {deployment.version} on {summary.gateway_name}"
    reason = deployment.health_reason or "It was not looked at yet."
    url = f"/deployments/{deployment.id}"
    _row(deployment.name, url, where, health_look(deployment), reason, deployment.last_health_check)


def _row(name: str, url: str, where: str, look: Look, reason: str, at: datetime | None) -> None:
    with ui.element("div").classes("item"):
        with ui.element("div").classes("stack tight first").style("gap: 0"):
            ui.link(name, url).classes("row-link cut")
            ui.label(where).classes("mono fg3 cut")
        with ui.element("div"):
            Chip(look)
        ui.label(reason).classes("small fg2 keep")
        with ui.element("div").classes("small fg3"):
            if at is not None:
                Moment(at)
            else:
                ui.label("never")
