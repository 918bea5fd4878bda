"""Secrets: names that agents read from their environment. No route ever gives a value."""

from fastapi import APIRouter
from pydantic import Field

from nexdeck.app.api.parameters import Body, Caller, SecretName, Services
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.gateways import SecretShape

router = APIRouter(prefix="/v1/secrets", tags=["secrets"])


class SecretValue(Body):
    value: str = Field(min_length=1, max_length=65_536, repr=False)


@router.get("")
async def list_secrets(studio: Services, actor: Caller) -> Listing[SecretShape]:
    return Listing.whole([SecretShape.model_validate(item) for item in await studio.secrets.names(actor=actor)])


@router.put("/{name}", status_code=204)
async def put_secret(studio: Services, actor: Caller, name: SecretName, body: SecretValue) -> None:
    """Store or replace a value. What runs takes it up with its next redeploy or restart."""
    await studio.secrets.put(name, body.value, actor=actor)


@router.delete("/{name}", status_code=204)
async def delete_secret(studio: Services, actor: Caller, name: SecretName) -> None:
    await studio.secrets.delete(name, actor=actor)
