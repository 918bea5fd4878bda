"""Where a new deployment goes: to a gateway that is there, or to one that is made for it alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlmodel import Session

from nexdeck.models.actor import Actor
from nexdeck.models.gateway import Gateway
from nexdeck.services.errors import Fault, InvalidInput
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.local import FIRST_NAME, LocalGateways
from nexdeck.services.gateways.rows import write_gateway


@dataclass(frozen=True)
class Placement:
    gateway: Gateway
    is_new: bool = False

    def write(self, session: Session, deployment_id: str) -> None:
        """With the deployment, in one transaction: neither is there without the other. Raises Conflict."""
        if self.is_new:
            self.gateway.dedicated_to = deployment_id
            write_gateway(session, self.gateway)


@asynccontextmanager
async def place_for(
    gateways: GatewayDirectory, local: LocalGateways, gateway: str | None, dedicated: str | None, actor: Actor
) -> AsyncIterator[Placement]:
    """``gateway`` by id or name, or ``dedicated``: a new one of that name. Write it within the block."""
    if dedicated is None:
        yield Placement(await gateways.get(gateway or FIRST_NAME, actor=actor))
        return
    if gateway is not None:
        message = "a dedicated gateway is a new one; leave this out"
        raise InvalidInput("Choose a gateway or a dedicated one.", errors=[Fault("gateway", message)])
    async with local.room_for(dedicated, actor=actor) as new:
        yield Placement(new, is_new=True)
