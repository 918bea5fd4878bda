"""Health, incidents and maintenance windows as JSON."""

from datetime import datetime

from pydantic import BaseModel, Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.models.deployment import HealthState
from nexdeck.models.health import HealthCause, IncidentEventKind, Severity
from nexdeck.services.health.incidents import IncidentDetail, IncidentSummary
from nexdeck.services.health.maintenance import Planned
from nexdeck.services.health.views import BoardRow, HealthView


class UptimeSlotShape(Shape):
    begins_at: datetime
    ends_at: datetime
    percent: float | None = Field(description="of the time that counts; null when none does")
    worst: HealthState


class HealthChangeShape(Shape):
    at: datetime
    state: HealthState
    cause: HealthCause | None
    reason: str


class HealthSampleShape(Shape):
    at: datetime
    state: HealthState
    reason: str
    probe_ms: float | None = Field(description="how long the gateway took to answer")
    requests: int | None = Field(description="calls of the five minutes before")
    errors: int | None = Field(description="of those, 5xx and timeouts")


class BoardRowShape(BaseModel):
    id: str
    name: str
    kind: str = Field(description="gateway or deployment")
    gateway: str | None = Field(description="where a deployment is")
    health_status: HealthState
    cause: HealthCause | None
    reason: str
    since: datetime | None
    checked_at: datetime | None
    flapping: bool
    paused: bool
    in_maintenance: bool
    uptime_percent: float | None
    uptime_slots: list[UptimeSlotShape] = Field(description="90 of equal length, the oldest first")


class HealthShape(BaseModel):
    deployment_id: str
    health_status: HealthState
    reason: str | None
    checked_at: datetime | None


class HealthDetailShape(HealthShape):
    deployment_id: str | None = Field(description="null when it is the gateway's")
    gateway_id: str = Field(description="where a deployment is, or the gateway itself")
    cause: HealthCause | None
    since: datetime | None
    flapping: bool
    paused: bool
    paused_by: str | None
    pause_reason: str | None
    in_maintenance: bool
    uptime: dict[str, float | None] = Field(description="percent over 24h, 7d, 30d and 90d; null when nothing is known")
    changes: list[HealthChangeShape] = Field(description="the latest first")
    samples: list[HealthSampleShape] = Field(description="the latest first; fewer are kept while all is well")


class IncidentShape(Shape):
    id: str
    cause: HealthCause
    gateway: str
    gateway_id: str
    deployment_id: str | None = Field(description="null when it is the gateway's")
    severity: Severity
    title: str
    reason: str
    flapping: bool
    opened_at: datetime
    closed_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    affected_count: int


class AffectedShape(BaseModel):
    id: str
    name: str


class IncidentEventShape(Shape):
    at: datetime
    kind: IncidentEventKind
    severity: Severity
    by: str
    message: str


class IncidentDetailShape(IncidentShape):
    affected: list[AffectedShape]
    events: list[IncidentEventShape] = Field(description="the oldest first")


class MaintenanceShape(BaseModel):
    id: str
    scope: str
    subject_id: str | None = Field(description="a gateway or a deployment; null: everything")
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_at: datetime
    created_by: str


def board_row_shape(row: BoardRow) -> BoardRowShape:
    return BoardRowShape(
        id=row.id,
        name=row.name,
        kind="gateway" if row.is_gateway else "deployment",
        gateway=row.gateway_name,
        health_status=row.state,
        cause=row.cause,
        reason=row.reason,
        since=row.since,
        checked_at=row.checked_at,
        flapping=row.flapping,
        paused=row.paused_at is not None,
        in_maintenance=row.in_maintenance,
        uptime_percent=row.uptime.percent,
        uptime_slots=[UptimeSlotShape.model_validate(slot) for slot in row.uptime.slots],
    )


def health_detail_shape(view: HealthView) -> HealthDetailShape:
    row, standing = view.row, view.standing
    return HealthDetailShape(
        deployment_id=None if row.is_gateway else row.id,
        gateway_id=row.gateway_id or row.id,
        health_status=row.state,
        reason=row.reason,
        checked_at=row.checked_at,
        cause=row.cause,
        since=row.since,
        flapping=row.flapping,
        paused=row.paused_at is not None,
        paused_by=standing.paused_by if standing else None,
        pause_reason=standing.pause_reason if standing else None,
        in_maintenance=row.in_maintenance,
        uptime=view.uptime,
        changes=[HealthChangeShape.model_validate(change) for change in view.changes],
        samples=[HealthSampleShape.model_validate(sample) for sample in view.samples],
    )


def incident_shape(summary: IncidentSummary) -> IncidentShape:
    extra = {"gateway": summary.gateway_name, "affected_count": summary.affected}
    return IncidentShape.model_validate(summary.incident.model_dump() | extra)


def incident_detail_shape(detail: IncidentDetail) -> IncidentDetailShape:
    return IncidentDetailShape(
        **incident_shape(detail.summary).model_dump(),
        affected=[AffectedShape(id=id_, name=name) for id_, name in detail.affected],
        events=[IncidentEventShape.model_validate(event) for event in detail.events],
    )


def maintenance_shape(planned: Planned) -> MaintenanceShape:
    return MaintenanceShape(**planned.window.model_dump(), scope=planned.scope)
