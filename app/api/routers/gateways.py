"""Gateways: where agents run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field, model_validator

from nexdeck.app.api.answers import change_answer
from nexdeck.app.api.parameters import Body, Caller, Reference, Services, Wait
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.deployments import ChangeShape
from nexdeck.app.api.schemas.gateways import (
    GatewayDetailShape,
    GatewayRowShape,
    GatewayShape,
    GatewayTestShape,
    OrphanShape,
)
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.manifest import NAME_PATTERN
from nexdeck.services.errors import Fault, GatewayError, GatewayRefused, GatewayUnreachable, InvalidInput, NotFound
from nexdeck.services.gateways.admission import TrustWish
from nexdeck.services.rollout.orphans import Orphan

router = APIRouter(prefix="/v1/gateways", tags=["gateways"])
PEM_TYPE = "application/x-pem-file"


class CertificateTrust(Body):
    """How its certificate is verified. Neither named: by the authorities that this host's system trusts."""

    ca: str | None = Field(default=None, max_length=200_000, description="the CA's certificate in PEM")
    pin: str | None = Field(default=None, max_length=200, description="SHA-256 of its certificate, as it prints it")
    allow_plain_http: bool = Field(
        default=False, description="the token and secrets may travel in clear text to a host that is not loopback"
    )

    def wish(self) -> TrustWish:
        return TrustWish(self.ca or "", self.pin or "")


class GatewayAddress(CertificateTrust):
    url: str = Field(max_length=2000, description="e.g. https://10.1.2.3:8401")
    token: str = Field(max_length=2000, description="the gateway's control token", repr=False)


class NewGateway(CertificateTrust):
    """A remote one needs its address and its token; a local one is a process that Nexdeck starts."""

    name: str = Field(pattern=NAME_PATTERN)
    kind: GatewayKind = GatewayKind.REMOTE
    url: str | None = Field(default=None, max_length=2000, description="e.g. http://10.1.2.3:8401")
    token: str | None = Field(default=None, max_length=2000, description="the gateway's control token", repr=False)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "NewGateway":
        if self.kind is GatewayKind.LOCAL and (self.ca or self.pin):
            raise ValueError("ca and pin are for gateways that run elsewhere")
        for name in ("url", "token"):
            if (getattr(self, name) is None) is (self.kind is GatewayKind.REMOTE):
                wanted = "is missing" if self.kind is GatewayKind.REMOTE else "is chosen by Nexdeck for a local gateway"
                raise ValueError(f"{name} {wanted}")
        return self


class GatewayChange(CertificateTrust):
    """A new address or certificate needs the token with it: the stored one is sent to nobody that it was not meant for.

    An empty `ca` or `pin` goes back to the authorities of the system.
    """

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
async def list_gateways(studio: Services, actor: Caller) -> Listing[GatewayRowShape]:
    rows = [
        GatewayRowShape(
            **_plain(item.gateway),
            deployment_count=item.deployment_count,
            running_count=item.running_count,
            paused=item.pause is not None,
        )
        for item in await studio.gateways.list(actor=actor)
    ]
    return Listing.whole(rows)


@router.post("", status_code=201)
async def add_gateway(studio: Services, actor: Caller, body: NewGateway, response: Response) -> GatewayShape:
    """Add a gateway that runs elsewhere, which must answer now, or start another one on this machine."""
    if body.kind is GatewayKind.LOCAL:
        gateway = await studio.local_gateways.create(body.name, actor=actor)
    else:
        with _of_the_request():
            gateway = await studio.gateways.add_remote(
                body.name, body.url, body.token, body.wish(), allow_plain=body.allow_plain_http, actor=actor
            )
    response.headers["Location"] = f"/api/v1/gateways/{gateway.name}"
    return GatewayShape.model_validate(gateway)


@router.post("/test")
async def test_gateway(studio: Services, actor: Caller, body: GatewayAddress) -> GatewayTestShape:
    """Look whether a gateway answers at an address and takes a token. Nothing is stored."""
    with _of_the_request():
        state = await studio.gateways.test(
            body.url, body.token, body.wish(), allow_plain=body.allow_plain_http, actor=actor
        )
    return GatewayTestShape(**state.model_dump(), deployment_count=len(state.deployments))


@router.get("/{gateway}")
async def get_gateway(studio: Services, actor: Caller, gateway: Reference) -> GatewayDetailShape:
    found = await studio.gateways.get(gateway, actor=actor)
    orphans = [_orphan(each) for each in await studio.orphans.list(found.id, actor=actor)]
    return GatewayDetailShape(**_plain(found), orphans=orphans, strangers=orphans)


@router.get(
    "/{gateway}/certificate",
    response_class=Response,
    responses={200: {"content": {PEM_TYPE: {"schema": {"type": "string"}}}}},
)
async def get_certificate(studio: Services, actor: Caller, gateway: Reference) -> Response:
    """The certificate that callers verify it by, in PEM: its CA's, or its own where that is pinned."""
    found = await studio.gateways.get(gateway, actor=actor)
    if found.certificate is None:
        raise NotFound(f"{found.name} has no certificate of its own here; what the system trusts is enough for it.")
    return Response(found.certificate, media_type=PEM_TYPE)


@router.post("/{gateway}/orphans/{deployment}/remove", status_code=204)
@router.post("/{gateway}/strangers/{deployment}/remove", status_code=204, include_in_schema=False)
async def remove_orphan(studio: Services, actor: Caller, gateway: Reference, deployment: Reference) -> None:
    """Take what this Nexdeck does not know off a gateway; whoever put it there is not asked."""
    await studio.orphans.remove(gateway, deployment, actor=actor)


@router.post("/{gateway}/orphans/{deployment}/adopt", status_code=202)
@router.post("/{gateway}/strangers/{deployment}/adopt", status_code=202, include_in_schema=False)
async def adopt_orphan(
    studio: Services, actor: Caller, gateway: Reference, deployment: Reference, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Make a deployment of it. It serves on while a revision of ours is proven beside it; its keys end with that."""
    return await change_answer(
        studio, actor, await studio.orphans.adopt(gateway, deployment, actor=actor), wait, response
    )


@router.patch("/{gateway}")
async def change_gateway(studio: Services, actor: Caller, gateway: Reference, body: GatewayChange) -> GatewayShape:
    trust = None if body.ca is None and body.pin is None else body.wish()
    with _of_the_request():
        changed = await studio.gateways.update_remote(
            gateway, url=body.url, token=body.token, trust=trust, allow_plain=body.allow_plain_http, actor=actor
        )
    return GatewayShape.model_validate(changed)


@router.delete("/{gateway}", status_code=204)
async def remove_gateway(studio: Services, actor: Caller, gateway: Reference) -> None:
    """Forget a gateway, or end a local one and delete its folder; refused while deployments are on it."""
    found = await studio.gateways.get(gateway, actor=actor)
    if found.kind is GatewayKind.LOCAL:
        await studio.local_gateways.remove(found.id, actor=actor)
    else:
        await studio.gateways.remove(found.id, actor=actor)


@router.post("/{gateway}/restart", status_code=202)
async def restart_gateway(studio: Services, actor: Caller, gateway: Reference) -> GatewayShape:
    """End the process of a local gateway and start it again; what is deployed on it comes back by itself."""
    return GatewayShape.model_validate(await studio.local_gateways.restart(gateway, actor=actor))


@router.post("/{gateway}/check")
async def check_gateway(studio: Services, actor: Caller, gateway: Reference) -> GatewayShape:
    """Look at a gateway now. That it does not answer is no error: `status` and `status_reason` tell."""
    return GatewayShape.model_validate(await studio.reconciler.check(gateway, actor=actor))


def _plain(gateway: Gateway) -> dict[str, Any]:
    return GatewayShape.model_validate(gateway).model_dump()


def _orphan(orphan: Orphan) -> OrphanShape:
    held, version = orphan.held, orphan.version
    return OrphanShape(
        deployment_id=held.deployment_id,
        name=held.name,
        revision=held.live and held.live.revision,
        sha256=held.live and held.live.sha256,
        agent=orphan.agent,
        version=version and version.version,
        obstacle=orphan.obstacle,
    )
