"""What belongs to one deployment: revisions, events, health, and the document of its own API."""

from typing import Any

from fastapi import APIRouter

from nexdeck.app.api.parameters import Caller, Reference, Services
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.deployments import EventShape, RevisionShape
from nexdeck.services.docs.interface import interface_of
from nexdeck.services.docs.openapi import openapi

router = APIRouter(prefix="/v1/deployments/{deployment}", tags=["deployments"])


@router.get("/revisions")
async def list_revisions(studio: Services, actor: Caller, deployment: Reference) -> Listing[RevisionShape]:
    """Newest first."""
    detail = await studio.deployments.overview(deployment, actor=actor)
    return Listing.whole([RevisionShape.model_validate(row) for row in detail.revisions])


@router.get("/openapi.json")
async def get_openapi(studio: Services, actor: Caller, deployment: Reference) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the agent itself, as its gateway answers it."""
    return openapi(interface_of(await studio.deployments.overview(deployment, actor=actor)))


@router.get("/events")
async def list_events(studio: Services, actor: Caller, deployment: Reference) -> Listing[EventShape]:
    """The newest 50 changes of its status, newest first."""
    detail = await studio.deployments.overview(deployment, actor=actor)
    return Listing.whole([EventShape.model_validate(row) for row in detail.events])
