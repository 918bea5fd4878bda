"""Deployments, what belongs to them, and the operations that change them, as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.models.choices import Channel
from nexdeck.models.deployment import (
    DeploymentStatus,
    DesiredState,
    HealthState,
    OperationKind,
    OperationStatus,
    StepStatus,
)
from nexdeck.models.manifest import AgentKind, JsonSchema
from nexdeck.models.options import CanaryPlan, DeploymentOptions


class OperationStepShape(Shape):
    name: str
    status: StepStatus
    started_at: datetime | None
    ended_at: datetime | None
    message: str | None


class OperationShape(Shape):
    id: str
    deployment_id: str
    kind: OperationKind
    status: OperationStatus
    revision: int | None = Field(description="the revision that it makes live")
    requested_by: str
    created_at: datetime
    deadline_at: datetime
    ended_at: datetime | None
    error: str | None
    steps: list[OperationStepShape]


class FiguresShape(Shape):
    calls: int
    errors: int = Field(description="answers of 500 and above, timeouts included")
    error_rate: float = Field(description="from 0 to 1")
    p95_ms: float | None


class CanaryShape(Shape):
    plan: CanaryPlan
    began_at: datetime
    ends_at: datetime = Field(description="at the latest")
    revision: int
    live_revision: int
    canary: FiguresShape
    live: FiguresShape = Field(description="counted over the same time")
    promoted_by: str | None


class DeploymentRowShape(BaseModel):
    id: str
    organization_id: str
    workspace_id: str
    agent_id: str
    orchestration_id: str | None
    version: str
    gateway_id: str
    status: DeploymentStatus
    deployed_at: datetime
    deployed_by: str
    stopped_at: datetime | None
    api_endpoint: str
    cli_command: str
    mcp_endpoint: str | None
    last_health_check: datetime | None
    health_status: HealthState
    error_message: str | None
    request_count: int
    error_count: int
    avg_latency_ms: float

    name: str
    agent: str = Field(description="the agent's name")
    kind: AgentKind
    gateway: str = Field(description="the gateway's name")
    desired_state: DesiredState
    live_revision: int | None
    health_reason: str | None
    operation: OperationShape | None = Field(description="the change that is under way, or the last one")
    created_at: datetime
    updated_at: datetime


class DeploymentShape(DeploymentRowShape):
    channels: list[Channel]
    options: DeploymentOptions
    input_schema: JsonSchema
    output_schema: JsonSchema
    sample: dict[str, Any] | None = Field(
        description="the input of the proof: the deployment's own, else the version's"
    )


class ChangeShape(BaseModel):
    deployment: DeploymentShape
    operation: OperationShape
    key: str | None = Field(default=None, description="an invocation key that was made just now: it is shown only once")


class RevisionShape(Shape):
    number: int
    version: str
    sha256: str
    options: DeploymentOptions
    reason: str
    proven_at: datetime | None
    failed_at: datetime | None
    error: str | None
    created_at: datetime
    created_by: str


class EventShape(Shape):
    id: int
    at: datetime
    event: str
    from_status: DeploymentStatus | None
    to_status: DeploymentStatus
    by: str
    message: str | None
    operation_id: str | None
