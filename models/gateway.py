"""Gateways: the Nexus processes that agents run on."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from nexdeck.models.base import DEFAULT_ORGANIZATION, DEFAULT_WORKSPACE, UtcDateTime, choice, new_id, now
from nexdeck.models.trust import Trust, TrustKind


class GatewayKind(StrEnum):
    LOCAL = "local"
    REMOTE = "remote"


class GatewayStatus(StrEnum):
    """What the last probe of the gateway saw."""

    UNKNOWN = "unknown"
    STARTING = "starting"  # a process of ours that does not answer yet
    ONLINE = "online"
    OFFLINE = "offline"
    REMOVED = "removed"  # kept for the history of its deployments only


class Gateway(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: str = Field(default_factory=lambda: new_id("gtw"), primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    workspace_id: str = DEFAULT_WORKSPACE
    name: str
    kind: GatewayKind = Field(sa_type=choice(GatewayKind))
    url: str = Field(description="without a trailing slash, e.g. http://127.0.0.1:8401")
    encrypted_token: str
    trust: TrustKind = Field(default=TrustKind.SYSTEM, sa_type=choice(TrustKind), description="of its certificate")
    certificate: str | None = Field(default=None, description="PEM: the authorities', or its own where it is pinned")
    dedicated_to: str | None = Field(default=None, description="id of the one deployment that it comes and goes with")
    status: GatewayStatus = Field(default=GatewayStatus.UNKNOWN, sa_type=choice(GatewayStatus))
    status_reason: str | None = Field(default=None, description="in plain words, when something is amiss")
    version: str | None = None
    boot_id: str | None = None
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_by: str

    @property
    def how_trusted(self) -> Trust:
        return Trust(self.trust, self.certificate or "")

    @property
    def fingerprint(self) -> str | None:
        """Of the pinned certificate, where one is pinned."""
        return self.how_trusted.fingerprint
