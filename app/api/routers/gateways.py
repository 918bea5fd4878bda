"""Gateways: where agents run."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Response
from pydantic import Field

from app.api.parameters import Body, Caller, Reference, Services
from app.api.schemas.base import Listing
from app.api.schemas.gateways import GatewayRowShape, GatewayShape, GatewayTestShape
from models.wire import NAME_PATTERN
from services.errors import Fault, GatewayError, GatewayRefused, GatewayUnreachable, InvalidInput

router = APIRouter(prefix="/v1/gateways", tags=["gateways"])


class GatewayAddress(Body):
    url: str = Field(max_length=2000, description="e.g. http://10.1.2.3:8401")
    token: str = Field(max_length=2000, description="the gateway's control token", repr=False)


class NewGateway(GatewayAddress):
    name: str = Field(pattern=NAME_PATTERN)


class GatewayChange(Body):
    """A new address needs its token with it: the stored one is never sent to another host."""

    url: str | None = Field(default=None, max_length=2000)
    token: str | None = Field(default=None, max_length=2000, repr=False)


@contextmanager
def _of_the_request() -> Iterator[None]:
    """That nothing answers at an address, or not to a token, is the request's mistake where it brought them."""
    try:
        yield
    except (GatewayError, GatewayUnreachable) as error:
        place = Fault("token" if isinstance(error, GatewayRefused) else "url", error.message)
        raise InvalidInput(error.message, code=error.code, errors=[place]) from error


@router.get("")
async def list_gateways(studio: Services) -> Listing[GatewayRowShape]:
    rows = [
        GatewayRowShape(
            **item.gateway.model_dump(), deployment_count=item.deployment_count, running_count=item.running_count
        )
        for item in await studio.gateways.list()
    ]
    return Listing.whole(rows)


@router.post("", status_code=201)
async def add_gateway(studio: Services, by: Caller, body: NewGateway, response: Response) -> GatewayShape:
    """Add a gateway that runs elsewhere; it must answer now."""
    with _of_the_request():
        gateway = await studio.gateways.add_remote(body.name, body.url, body.token, by=by)
    response.headers["Location"] = f"/api/v1/gateways/{gateway.name}"
    return GatewayShape.model_validate(gateway)


@router.post("/test")
async def test_gateway(studio: Services, body: GatewayAddress) -> GatewayTestShape:
    """Look whether a gateway answers at an address and takes a token. Nothing is stored."""
    with _of_the_request():
        state = await studio.gateways.test(body.url, body.token)
    return GatewayTestShape(**state.model_dump(), deployment_count=len(state.deployments))


@router.get("/{gateway}")
async def get_gateway(studio: Services, gateway: Reference) -> GatewayShape:
    return GatewayShape.model_validate(await studio.gateways.get(gateway))


@router.patch("/{gateway}")
async def change_gateway(studio: Services, by: Caller, gateway: Reference, body: GatewayChange) -> GatewayShape:
    with _of_the_request():
        changed = await studio.gateways.update_remote(gateway, url=body.url, token=body.token, by=by)
    return GatewayShape.model_validate(changed)


@router.delete("/{gateway}", status_code=204)
async def remove_gateway(studio: Services, by: Caller, gateway: Reference) -> None:
    """Forget a gateway; refused while deployments are on it, and for one that Nexdeck runs itself."""
    await studio.gateways.remove(gateway, by=by)


@router.post("/{gateway}/check")
async def check_gateway(studio: Services, gateway: Reference) -> GatewayShape:
    """Look at a gateway now. That it does not answer is no error: `status` and `status_reason` tell."""
    return GatewayShape.model_validate(await studio.reconciler.check(gateway))
