"""Health: the board of everything, one deployment or gateway, and pauses of its checks."""

from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from nexdeck.app.api.parameters import Body, Caller, Cursor, Limit, Reference, ReferenceFilter, SearchText, Services
from nexdeck.app.api.patterns import LINE_PATTERN
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.health import (
    BoardRowShape,
    HealthDetailShape,
    HealthShape,
    board_row_shape,
    health_detail_shape,
)
from nexdeck.models.deployment import HealthState
from nexdeck.services.health.uptime import RANGES
from nexdeck.services.health.views import BoardQuery

router = APIRouter(prefix="/v1", tags=["health"])
Range = StrEnum("Range", {name: name for name in RANGES})


class Pause(Body):
    reason: str = Field("", max_length=500, pattern=LINE_PATTERN, description="why, for others")


@router.get("/health")
async def list_health(
    studio: Services,
    actor: Caller,
    q: SearchText = "",
    state: HealthState | None = None,
    kind: Literal["gateway", "deployment"] | None = None,
    gateway: ReferenceFilter = None,
    range: Annotated[Range, Query(description="of the uptime")] = Range["24h"],
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Listing[BoardRowShape]:
    """Gateways and the deployments that are meant to run, worst first."""
    place = (await studio.gateways.get(gateway, actor=actor)).id if gateway else None
    query = BoardQuery(q, state, kind, place, range.value, limit, cursor)
    page = await studio.health_views.board(query, actor=actor)
    return Listing.page(page, [board_row_shape(row) for row in page.items])


@router.get("/deployments/{deployment}/health")
async def get_health(studio: Services, actor: Caller, deployment: Reference) -> HealthDetailShape:
    """How it is, why, its uptime, and what was seen of it."""
    return health_detail_shape(await studio.health_views.of_deployment(deployment, actor=actor))


@router.post("/deployments/{deployment}/health")
async def check_health(studio: Services, actor: Caller, deployment: Reference) -> HealthShape:
    """Look now."""
    row = await studio.deployments.get(deployment, actor=actor)
    seen = await studio.health.health_check(row.id, actor=actor)
    return HealthShape(
        deployment_id=row.id, health_status=seen.health_status, reason=seen.reason, checked_at=seen.checked_at
    )


@router.post("/deployments/{deployment}/health/pause", status_code=204)
async def pause_deployment(studio: Services, actor: Caller, deployment: Reference, body: Pause) -> None:
    """Judge it no longer until it is resumed. The time until then counts neither as up nor as down."""
    await studio.health.pause((await studio.deployments.get(deployment, actor=actor)).id, body.reason, actor=actor)


@router.post("/deployments/{deployment}/health/resume", status_code=204)
async def resume_deployment(studio: Services, actor: Caller, deployment: Reference) -> None:
    """Go on, beginning with a probe now."""
    await studio.health.resume((await studio.deployments.get(deployment, actor=actor)).id, actor=actor)


@router.get("/gateways/{gateway}/health")
async def get_gateway_health(studio: Services, actor: Caller, gateway: Reference) -> HealthDetailShape:
    """How it is, why, its uptime, and what was seen of it; `POST …/check` looks now."""
    found = await studio.gateways.get(gateway, actor=actor)
    return health_detail_shape(await studio.health_views.of_subject(found.id, actor=actor))


@router.post("/gateways/{gateway}/health/pause", status_code=204)
async def pause_gateway(studio: Services, actor: Caller, gateway: Reference, body: Pause) -> None:
    """Look at it no longer until it is resumed: meanwhile nothing on it is judged or repaired."""
    await studio.health.pause((await studio.gateways.get(gateway, actor=actor)).id, body.reason, actor=actor)


@router.post("/gateways/{gateway}/health/resume", status_code=204)
async def resume_gateway(studio: Services, actor: Caller, gateway: Reference) -> None:
    """Go on, beginning with a probe now."""
    await studio.health.resume((await studio.gateways.get(gateway, actor=actor)).id, actor=actor)
