"""Maintenance windows: planned work, during which nothing opens an incident or counts as downtime."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from nexdeck.app.api.parameters import Body, Caller, Services, Time
from nexdeck.app.api.patterns import LINE_PATTERN, REFERENCE_PATTERN
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.health import MaintenanceShape, maintenance_shape

router = APIRouter(prefix="/v1/maintenance", tags=["maintenance"])
WindowId = Annotated[str, Path(pattern=r"^[a-z]{3}_[0-9a-f]{16}$", description="a window's id")]


class NewWindow(Body):
    """Of a gateway, of a deployment, or, when neither is named, of everything."""

    starts_at: Time
    ends_at: Time
    reason: str = Field(min_length=1, max_length=500, pattern=LINE_PATTERN)
    gateway: str | None = Field(None, pattern=REFERENCE_PATTERN)
    deployment: str | None = Field(None, pattern=REFERENCE_PATTERN)


@router.get("")
async def list_windows(studio: Services, actor: Caller) -> Listing[MaintenanceShape]:
    """Under way and to come first, then those that are over, the latest first."""
    return Listing.whole([maintenance_shape(planned) for planned in await studio.maintenance.list(actor=actor)])


@router.post("", status_code=201)
async def plan_window(studio: Services, actor: Caller, body: NewWindow) -> MaintenanceShape:
    return maintenance_shape(await studio.maintenance.plan(**dict(body), actor=actor))


@router.delete("/{window}", status_code=204)
async def end_window(studio: Services, actor: Caller, window: WindowId) -> None:
    """One that is under way ends now; one that is to come is dropped."""
    await studio.maintenance.end(window, actor=actor)
