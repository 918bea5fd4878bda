"""Incidents: what is not well, since when, and what people did about it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from nexdeck.app.api.parameters import Body, Caller, Cursor, Limit, ReferenceFilter, Services
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.health import IncidentDetailShape, IncidentShape, incident_detail_shape, incident_shape
from nexdeck.models.health import Severity
from nexdeck.services.health.incidents import LONGEST_NOTE, IncidentQuery

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])
IncidentId = Annotated[str, Path(pattern=r"^[a-z]{3}_[0-9a-f]{16}$", description="an incident's id")]


class Note(Body):
    text: str = Field(min_length=1, max_length=LONGEST_NOTE)


@router.get("")
async def list_incidents(
    studio: Services,
    actor: Caller,
    status: Literal["open", "closed"] | None = None,
    severity: Severity | None = None,
    gateway: ReferenceFilter = None,
    deployment: ReferenceFilter = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Listing[IncidentShape]:
    """The open ones first, critical before warning, and then the latest first."""
    place = (await studio.gateways.get(gateway, actor=actor)).id if gateway else None
    subject = (await studio.deployments.get(deployment, actor=actor)).id if deployment else None
    is_open = None if status is None else status == "open"
    page = await studio.incidents.list(IncidentQuery(is_open, severity, place, subject, limit, cursor), actor=actor)
    return Listing.page(page, [incident_shape(summary) for summary in page.items])


@router.get("/{incident}")
async def get_incident(studio: Services, actor: Caller, incident: IncidentId) -> IncidentDetailShape:
    """With its timeline and the deployments that it affects."""
    return incident_detail_shape(await studio.incidents.get(incident, actor=actor))


@router.post("/{incident}/acknowledge")
async def acknowledge_incident(studio: Services, actor: Caller, incident: IncidentId) -> IncidentDetailShape:
    """Tell others that somebody sees to it. Done again it changes nothing."""
    return incident_detail_shape(await studio.incidents.acknowledge(incident, actor=actor))


@router.post("/{incident}/notes", status_code=201)
async def add_note(studio: Services, actor: Caller, incident: IncidentId, body: Note) -> IncidentDetailShape:
    """Add a line to its timeline."""
    return incident_detail_shape(await studio.incidents.add_note(incident, body.text, actor=actor))
