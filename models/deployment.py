"""Deployments: an agent on a gateway, its revisions, and the operations that change it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import JSON, Column, Field, SQLModel

from nexdeck.models.base import DEFAULT_ORGANIZATION, DEFAULT_WORKSPACE, UtcDateTime, choice, new_id, now
from nexdeck.models.manifest import NAME_PATTERN


class DeploymentStatus(StrEnum):
    """What we did; written only through ``services.rules.lifecycle.transition``."""

    PENDING = "pending"
    DEPLOYING = "deploying"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


class DesiredState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    ABSENT = "absent"


class HealthState(StrEnum):
    """What probes saw; written only by ``services.health.service``."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class OperationKind(StrEnum):
    DEPLOY = "deploy"
    REDEPLOY = "redeploy"
    ROLLBACK = "rollback"
    STOP = "stop"
    START = "start"
    RESTART = "restart"
    UNDEPLOY = "undeploy"


class OperationStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class Deployment(SQLModel, table=True):
    """An agent on a gateway. The first block is the specification's; every name in it is part of the contract."""

    __table_args__ = (
        Index(
            "deployment_name_on_gateway",
            "gateway_id",
            "name",
            unique=True,
            sqlite_where=text("undeployed_at IS NULL"),
            postgresql_where=text("undeployed_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("dep"), primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    workspace_id: str = DEFAULT_WORKSPACE
    agent_id: str = Field(foreign_key="agent.id", index=True)
    orchestration_id: str | None = Field(default=None, description="the agent's id when it is an orchestration")
    version: str = Field(description="of the agent: the live one, or the one being deployed first")
    gateway_id: str = Field(foreign_key="gateway.id", index=True)
    status: DeploymentStatus = Field(default=DeploymentStatus.PENDING, sa_type=choice(DeploymentStatus), index=True)
    deployed_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    deployed_by: str
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    api_endpoint: str
    cli_command: str
    mcp_endpoint: str | None = None
    last_health_check: datetime | None = Field(default=None, sa_type=UtcDateTime)
    health_status: HealthState = Field(default=HealthState.UNKNOWN, sa_type=choice(HealthState))
    error_message: str | None = None
    request_count: int = 0
    error_count: int = 0

    name: str = Field(regex=NAME_PATTERN, index=True)
    desired_state: DesiredState = Field(default=DesiredState.RUNNING, sa_type=choice(DesiredState))
    live_revision: int | None = None
    undeployed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="since then it is history and its name is free again"
    )
    health_reason: str | None = None
    latency_ms_sum: float = 0.0
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)

    @property
    def avg_latency_ms(self) -> float:
        """Milliseconds; derived, never stored."""
        return round(self.latency_ms_sum / self.request_count, 3) if self.request_count else 0.0


class Revision(SQLModel, table=True):
    """A numbered, immutable snapshot of what a deployment should run; ``number`` counts from 1 in each deployment."""

    __table_args__ = (UniqueConstraint("deployment_id", "number"),)

    id: str = Field(default_factory=lambda: new_id("rev"), primary_key=True)
    deployment_id: str = Field(foreign_key="deployment.id", index=True)
    number: int
    version_id: str = Field(foreign_key="agent_version.id")
    version: str
    sha256: str
    options: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False), description="``DeploymentOptions`` as JSON")
    reason: str = ""
    proven_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = None
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_by: str


class Operation(SQLModel, table=True):
    """One change under way on a deployment; at most one of a deployment is active."""

    __table_args__ = (
        Index(
            "operation_active",
            "deployment_id",
            unique=True,
            sqlite_where=text("status = 'running'"),
            postgresql_where=text("status = 'running'"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("opn"), primary_key=True)
    deployment_id: str = Field(foreign_key="deployment.id", index=True)
    kind: OperationKind = Field(sa_type=choice(OperationKind))
    status: OperationStatus = Field(default=OperationStatus.RUNNING, sa_type=choice(OperationStatus))
    revision: int | None = Field(default=None, description="the revision that it makes live")
    requested_by: str
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    seconds_allowed: float = Field(default=60.0, description="from when it begins, or is resumed")
    deadline_at: datetime = Field(sa_type=UtcDateTime)
    lease_owner: str | None = Field(default=None, description="the Nexdeck that carries it out")
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    promoted_by: str | None = Field(default=None, description="who ended its canary before the time")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = None


class OperationStep(SQLModel, table=True):
    """A step of an operation, written before its side effect begins."""

    __tablename__ = "operation_step"

    operation_id: str = Field(foreign_key="operation.id", primary_key=True)
    position: int = Field(primary_key=True)
    name: str
    status: StepStatus = Field(default=StepStatus.PENDING, sa_type=choice(StepStatus))
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    message: str | None = None


class StatusChange(SQLModel, table=True):
    """One row for each change of a deployment's status: its audit trail and timeline."""

    __tablename__ = "status_change"

    id: int | None = Field(default=None, primary_key=True)
    deployment_id: str = Field(foreign_key="deployment.id", index=True)
    operation_id: str | None = Field(default=None, foreign_key="operation.id")
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    event: str
    from_status: DeploymentStatus | None = Field(default=None, sa_type=choice(DeploymentStatus))
    to_status: DeploymentStatus = Field(sa_type=choice(DeploymentStatus))
    by: str
    message: str | None = None


class KeyState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class DeploymentKey(SQLModel, table=True):
    """An invocation key: only its hash is kept, the key itself is shown once."""

    __tablename__ = "deployment_key"

    id: str = Field(default_factory=lambda: new_id("key"), primary_key=True)
    deployment_id: str = Field(foreign_key="deployment.id", index=True)
    name: str
    prefix: str = Field(description="the first characters, to tell keys apart")
    key_hash: str
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_by: str
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="refused from then on")
    replaced_by: str | None = Field(default=None, description="the id of the key that came in its place")
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_by: str | None = None
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    use_count: int = 0
    counted_boot_id: str | None = Field(default=None, description="the gateway's boot whose calls were last added")
    counted_uses: int = 0

    def state(self, at: datetime) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        return KeyState.EXPIRED if self.expires_at is not None and self.expires_at <= at else KeyState.VALID


class Secret(SQLModel, table=True):
    """A value that agents read from their environment; kept encrypted, never shown again."""

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: str = Field(default_factory=lambda: new_id("sec"), primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    workspace_id: str = DEFAULT_WORKSPACE
    name: str
    encrypted_value: str
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    updated_by: str
