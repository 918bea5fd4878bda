"""Settings of the public status page; the page itself is at ``/status/{slug}``, outside of the REST API."""

from fastapi import APIRouter
from pydantic import Field

from nexdeck.app.api.parameters import Body, Caller, Services
from nexdeck.models.status_page import MOST_ITEMS, StatusItem, StatusPageSettings

router = APIRouter(prefix="/v1/status-page", tags=["status page"])


class WantedStatusPage(StatusPageSettings, Body):
    items: list[StatusItem] = Field(default_factory=list, max_length=MOST_ITEMS)


@router.get("")
async def get_status_page(studio: Services, actor: Caller) -> StatusPageSettings:
    """As it is set, and whether it is switched on."""
    return await studio.status_pages.settings(actor=actor)


@router.put("")
async def set_status_page(studio: Services, actor: Caller, body: WantedStatusPage) -> StatusPageSettings:
    """Set all of it. The page tells, to everybody who can reach Nexdeck, how the chosen deployments are."""
    return await studio.status_pages.change(StatusPageSettings(**body.model_dump()), actor=actor)
