"""Health: how gateways and deployments are, every change of that, the incidents that follow, and planned work.

A subject is a gateway or a deployment; its id tells which (``gtw_…``, ``dep_…``). A ``HealthChange`` is written once,
in one transaction with the incident's ``IncidentEvent``; timelines, uptime and notifications all read these rows.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import JSON, Column, Field, SQLModel

from nexdeck.models.base import DEFAULT_ORGANIZATION, DEFAULT_WORKSPACE, UtcDateTime, choice, new_id, now
from nexdeck.models.deployment import HealthState


class HealthCause(StrEnum):
    """Why a subject is not well; ``GATEWAY`` is the trouble of the gateway that a deployment is on."""

    UNREACHABLE = "unreachable"  # of a gateway: it does not answer our probes
    GATEWAY = "gateway"  # of a deployment: its gateway is unreachable; the incident is the gateway's
    RESTARTS = "restarts"  # of a gateway: it answers, but was started anew again and again
    ABSENT = "absent"  # the gateway answers, but does not serve the live revision
    ERRORS = "errors"
    SLOW = "slow"
    SYNTHETIC = "synthetic"  # the opt-in call with the sample input failed


class Severity(StrEnum):
    WARNING = "warning"  # degraded
    CRITICAL = "critical"  # unhealthy


class IncidentEventKind(StrEnum):
    OPENED = "opened"
    CHANGED = "changed"  # another severity or cause
    FLAPPING = "flapping"  # it keeps coming and going; until it settles nothing more is written
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    CLOSED = "closed"


class HealthStanding(SQLModel, table=True):
    """How a subject is, with the counters of the rules, so that a restart forgets none of them."""

    __tablename__ = "health_standing"

    subject_id: str = Field(primary_key=True)
    state: HealthState = Field(default=HealthState.UNKNOWN, sa_type=choice(HealthState))
    cause: HealthCause | None = Field(default=None, sa_type=choice(HealthCause))
    reason: str = Field(default="It was not checked yet.", description="in plain words")
    since: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = Field(default=0, description="failed probes in a row")
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="when one was last counted")
    successes: int = Field(default=0, description="good probes in a row")
    calm_windows: int = Field(default=0, description="probes in a row at traffic that is below the lower thresholds")
    switches: list[float] = Field(
        default_factory=list,
        sa_column=Column(JSON, nullable=False),
        description="when it lately went from well to not well or back, in seconds since 1970",
    )
    flapping: bool = False
    boot_id: str | None = Field(default=None, description="of a gateway: the one that was seen last")
    restarts: list[float] = Field(
        default_factory=list,
        sa_column=Column(JSON, nullable=False),
        description="when it lately was seen to have started anew unasked, in seconds since 1970",
    )
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_by: str | None = None
    pause_reason: str | None = None


class HealthChange(SQLModel, table=True):
    """One row for each change of a subject's state: what it has been from ``at`` on, until the next row."""

    __tablename__ = "health_change"
    __table_args__ = (Index("health_change_of_subject", "subject_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    subject_id: str
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    state: HealthState = Field(sa_type=choice(HealthState))
    cause: HealthCause | None = Field(default=None, sa_type=choice(HealthCause))
    reason: str


class HealthSample(SQLModel, table=True):
    """What a probe saw; kept for a day, fewer of them while all is well."""

    __tablename__ = "health_sample"
    __table_args__ = (Index("health_sample_of_subject", "subject_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    subject_id: str
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    state: HealthState = Field(sa_type=choice(HealthState))
    reason: str
    probe_ms: float | None = Field(default=None, description="how long the gateway took to answer our probe")
    requests: int | None = Field(default=None, description="of the last five minutes")
    errors: int | None = Field(default=None, description="of the last five minutes: 5xx and timeouts")


class Incident(SQLModel, table=True):
    """Something is not well, from the first row of it to the last. At most one of a cause is open."""

    __table_args__ = (
        Index(
            "incident_open",
            "cause_key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("inc"), primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    workspace_id: str = DEFAULT_WORKSPACE
    cause: HealthCause = Field(sa_type=choice(HealthCause))
    cause_key: str = Field(description="the subject whose trouble it is: a gateway's or a deployment's id")
    gateway_id: str = Field(index=True, description="the gateway itself, or the one that the deployment is on")
    deployment_id: str | None = Field(default=None, index=True, description="None: it is the gateway's")
    severity: Severity = Field(sa_type=choice(Severity))
    title: str
    reason: str = Field(description="in plain words")
    flapping: bool = False
    opened_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = None


class IncidentDeployment(SQLModel, table=True):
    """A deployment that an incident affects, its own or that of its gateway."""

    __tablename__ = "incident_deployment"

    incident_id: str = Field(foreign_key="incident.id", primary_key=True)
    deployment_id: str = Field(foreign_key="deployment.id", primary_key=True, index=True)


class IncidentEvent(SQLModel, table=True):
    """A line of an incident's timeline; ``id`` grows, so a reader that keeps the last one misses none."""

    __tablename__ = "incident_event"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    incident_id: str = Field(foreign_key="incident.id", index=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    kind: IncidentEventKind = Field(sa_type=choice(IncidentEventKind))
    severity: Severity = Field(sa_type=choice(Severity), description="of the incident at that time")
    by: str = Field(description="who; ``health`` for what happened by itself")
    message: str


class MaintenanceWindow(SQLModel, table=True):
    """Planned work: meanwhile nothing of the subject opens an incident or counts as downtime."""

    __tablename__ = "maintenance_window"

    id: str = Field(default_factory=lambda: new_id("mtn"), primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    workspace_id: str = DEFAULT_WORKSPACE
    subject_id: str | None = Field(default=None, index=True, description="a gateway or a deployment; None: everything")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime, index=True)
    reason: str
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_by: str
