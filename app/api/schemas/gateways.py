"""Gateways and secrets as JSON; neither tokens nor values are ever part of it."""

from datetime import datetime

from pydantic import BaseModel, Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.models.gateway import GatewayKind, GatewayStatus
from nexdeck.models.trust import TrustKind


class GatewayShape(Shape):
    id: str
    organization_id: str
    workspace_id: str
    name: str
    kind: GatewayKind
    url: str
    trust: TrustKind = Field(description="what its certificate is verified by")
    fingerprint: str | None = Field(description="the SHA-256 of its certificate where that is pinned, else null")
    dedicated_to: str | None = Field(description="the id of the one deployment that it comes and goes with")
    status: GatewayStatus
    status_reason: str | None = Field(description="in plain words, when something is amiss")
    version: str | None
    boot_id: str | None
    last_seen_at: datetime | None
    created_at: datetime
    created_by: str


class OrphanShape(BaseModel):
    """A deployment that the gateway holds and that this Nexdeck does not know."""

    deployment_id: str
    name: str
    revision: int | None = Field(description="the live one; null when none is")
    sha256: str | None = Field(description="of the live module, in hex")
    agent: str | None = Field(description="the agent in the catalog that it is; null when there is none")
    version: str | None
    obstacle: str | None = Field(description="why it cannot be adopted; null when it can")


class GatewayDetailShape(GatewayShape):
    orphans: list[OrphanShape] = Field(description="as the last probe saw them")
    strangers: list[OrphanShape] = Field(description="the same as `orphans`, by its former name", deprecated=True)


class GatewayRowShape(GatewayShape):
    deployment_count: int
    running_count: int = Field(description="those that answer callers, a change under way or not")
    paused: bool = Field(description="nobody looks at it: `status` is what the last probe saw")


class GatewayTestShape(BaseModel):
    product: str
    version: str
    ready: bool
    started_at: datetime
    deployment_count: int


class SecretShape(Shape):
    name: str
    updated_at: datetime
    updated_by: str
