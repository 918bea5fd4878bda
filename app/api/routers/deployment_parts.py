"""What belongs to one deployment: revisions, events, health, invocation keys, and the document of its own API."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from app.api.parameters import Body, Caller, Reference, Services
from app.api.patterns import LINE_PATTERN
from app.api.schemas.base import Listing
from app.api.schemas.deployments import EventShape, HealthShape, KeyShape, NewKeyShape, RevisionShape
from services.api_docs import openapi
from services.interface import interface_of

router = APIRouter(prefix="/v1/deployments/{deployment}", tags=["deployments"])


class NewKey(Body):
    name: str = Field(min_length=1, max_length=100, pattern=LINE_PATTERN, description="who or what it is for")


@router.get("/revisions")
async def list_revisions(studio: Services, deployment: Reference) -> Listing[RevisionShape]:
    """Newest first."""
    detail = await studio.deployments.overview(deployment)
    return Listing.whole([RevisionShape.model_validate(row) for row in detail.revisions])


@router.get("/openapi.json")
async def get_openapi(studio: Services, deployment: Reference) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the agent itself, as its gateway answers it."""
    return openapi(interface_of(await studio.deployments.overview(deployment)))


@router.get("/events")
async def list_events(studio: Services, deployment: Reference) -> Listing[EventShape]:
    """The newest 50 changes of its status, newest first."""
    detail = await studio.deployments.overview(deployment)
    return Listing.whole([EventShape.model_validate(row) for row in detail.events])


@router.get("/health")
async def get_health(studio: Services, deployment: Reference) -> HealthShape:
    """What the last look saw."""
    row = await studio.deployments.get(deployment)
    return HealthShape(
        deployment_id=row.id,
        health_status=row.health_status,
        reason=row.health_reason,
        checked_at=row.last_health_check,
    )


@router.post("/health")
async def check_health(studio: Services, deployment: Reference) -> HealthShape:
    """Look now."""
    row = await studio.deployments.get(deployment)
    seen = await studio.health.health_check(row.id)
    return HealthShape(
        deployment_id=row.id, health_status=seen.health_status, reason=seen.reason, checked_at=seen.checked_at
    )


@router.get("/keys")
async def list_keys(studio: Services, deployment: Reference) -> Listing[KeyShape]:
    detail = await studio.deployments.overview(deployment)
    return Listing.whole([KeyShape.model_validate(row) for row in detail.keys])


@router.post("/keys", status_code=201)
async def create_key(
    studio: Services, by: Caller, deployment: Reference, body: NewKey, response: Response
) -> NewKeyShape:
    """Make an invocation key. It is shown this once."""
    row, key = await studio.deployments.create_key(deployment, body.name, by=by)
    response.headers["Cache-Control"] = "no-store"
    return NewKeyShape(**row.model_dump(), key=key)


@router.delete("/keys/{key}", status_code=204)
async def revoke_key(studio: Services, by: Caller, deployment: Reference, key: Reference) -> None:
    """The gateway refuses it from now on."""
    await studio.deployments.revoke_key(deployment, key, by=by)
