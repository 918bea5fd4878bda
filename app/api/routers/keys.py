"""Who may call a deployment: its invocation keys."""

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from nexdeck.app.api.parameters import Body, Caller, Reference, Services
from nexdeck.app.api.patterns import LINE_PATTERN
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.keys import KeyShape, NewKeyShape
from nexdeck.services.keys.service import NewKey

router = APIRouter(prefix="/v1/deployments/{deployment}/keys", tags=["deployments"])


class KeyRequest(Body):
    name: str = Field(min_length=1, max_length=100, pattern=LINE_PATTERN, description="who or what it is for")
    expires_at: AwareDatetime | None = Field(default=None, description="refused from then on; null: never")


class Rotation(Body):
    old_valid_until: AwareDatetime | None = Field(
        default=None, description="how long the old key goes on; null: for a day; a time that has passed: no longer"
    )
    expires_at: AwareDatetime | None = Field(default=None, description="of the new key")


@router.get("")
async def list_keys(studio: Services, actor: Caller, deployment: Reference) -> Listing[KeyShape]:
    """Those that ended too. How they were used is what the last probe of the gateway told, at most 15 s ago."""
    detail = await studio.deployments.overview(deployment, actor=actor)
    return Listing.whole([KeyShape.of(row) for row in detail.keys])


@router.post("", status_code=201)
async def create_key(
    studio: Services, actor: Caller, deployment: Reference, body: KeyRequest, response: Response
) -> NewKeyShape:
    """Make an invocation key. It is shown this once."""
    made = await studio.keys.create(deployment, body.name, expires_at=body.expires_at, actor=actor)
    return _shown_once(made, response)


@router.post("/{key}/rotate", status_code=201)
async def rotate_key(
    studio: Services, actor: Caller, deployment: Reference, key: Reference, body: Rotation, response: Response
) -> NewKeyShape:
    """Make a key in its place, and let the old one go on for a while. The new key is shown this once."""
    made = await studio.keys.rotate(
        deployment, key, old_valid_until=body.old_valid_until, expires_at=body.expires_at, actor=actor
    )
    return _shown_once(made, response)


@router.delete("/{key}", status_code=204)
async def revoke_key(studio: Services, actor: Caller, deployment: Reference, key: Reference) -> None:
    """The gateway refuses it from now on."""
    await studio.keys.revoke(deployment, key, actor=actor)


def _shown_once(made: NewKey, response: Response) -> NewKeyShape:
    response.headers["Cache-Control"] = "no-store"
    shape = KeyShape.of(made.row)
    return NewKeyShape(**shape.model_dump(), key=made.key, is_effective=made.is_effective)
