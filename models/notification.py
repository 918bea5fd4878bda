"""Notifications: the channels that tell people and programs of incidents, and the outbox of what is to be told.

A delivery is one event of an incident for one channel. It is written before it is sent and stays until retention takes
it, so that neither a restart nor a target that is down loses any; its id is the same at each attempt.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic import Field as PydanticField
from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import JSON, Column, Field, SQLModel

from nexdeck.models.base import DEFAULT_ORGANIZATION, DEFAULT_WORKSPACE, UtcDateTime, choice, new_id, now
from nexdeck.models.health import Severity

TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"
TEXT_LIMIT = 2000  # characters of any text that goes into a notice


class ChannelKind(StrEnum):
    APPRISE = "apprise"  # mail, Slack, Teams …: words for people
    WEBHOOK = "webhook"  # a signed JSON body for programs


class NoticeChoice(StrEnum):
    """What a channel may want to be told."""

    OPENED = "opened"  # and when it gets worse, or begins to come and go
    ACKNOWLEDGED = "acknowledged"
    RECOVERED = "recovered"


class NoticeEvent(StrEnum):
    """What is told; ``TEST`` is what the test button sends."""

    OPENED = "opened"
    CHANGED = "changed"
    FLAPPING = "flapping"
    ACKNOWLEDGED = "acknowledged"
    RECOVERED = "recovered"
    TEST = "test"

    @property
    def choice(self) -> NoticeChoice:
        """The wish that it belongs to."""
        same = {NoticeEvent.ACKNOWLEDGED: NoticeChoice.ACKNOWLEDGED, NoticeEvent.RECOVERED: NoticeChoice.RECOVERED}
        return same.get(self, NoticeChoice.OPENED)


class DeliveryState(StrEnum):
    WAITING = "waiting"  # for its turn, for the end of quiet hours, or for the next attempt
    SENT = "sent"
    FAILED = "failed"  # given up; it can be sent again by hand


class QuietHours(BaseModel):
    """Daily, from ``start`` to ``end`` by the clock of ``time_zone``; past midnight when the end is the earlier."""

    model_config = ConfigDict(extra="forbid")

    start: str = PydanticField(pattern=TIME_OF_DAY, description="e.g. 22:00")
    end: str = PydanticField(pattern=TIME_OF_DAY, description="e.g. 07:00")
    time_zone: str = PydanticField("UTC", max_length=64, description="an IANA name, e.g. Europe/Berlin")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("use the name of a time zone, e.g. Europe/Berlin")
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class ChannelRule(BaseModel):
    """What a channel is told of. Where neither gateways nor deployments are named, it is told of all."""

    model_config = ConfigDict(extra="forbid")

    minimum_severity: Severity = Severity.WARNING
    events: list[NoticeChoice] = PydanticField(default_factory=lambda: list(NoticeChoice), min_length=1, max_length=3)
    gateways: list[str] = PydanticField(default_factory=list, max_length=200, description="ids; names when it is set")
    deployments: list[str] = PydanticField(
        default_factory=list, max_length=200, description="ids; names when it is set"
    )
    quiet_hours: QuietHours | None = PydanticField(
        default=None, description="what is critical comes through, the rest waits for their end"
    )


class NotificationChannel(SQLModel, table=True):
    """Where notices go. Its address holds secrets: it is kept encrypted, and ``shown`` is what people see of it."""

    __tablename__ = "notification_channel"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: str = Field(default_factory=lambda: new_id("chn"), primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    workspace_id: str = DEFAULT_WORKSPACE
    name: str
    kind: ChannelKind = Field(sa_type=choice(ChannelKind))
    encrypted_url: str
    encrypted_secret: str = Field(default="", description="what a webhook's bodies are signed with")
    encrypted_old_secret: str = Field(default="", description="the one before it, which signs beside it for a while")
    old_secret_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    shown: str
    enabled: bool = True
    rule: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False), description="``ChannelRule`` as JSON")
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_by: str
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class NotificationDelivery(SQLModel, table=True):
    """One event for one channel; at most one of each pair."""

    __tablename__ = "notification_delivery"
    __table_args__ = (
        UniqueConstraint("channel_id", "event_id"),
        Index(
            "notification_delivery_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("notification_delivery_of_incident", "incident_id", "channel_id"),
    )

    id: str = Field(default_factory=lambda: new_id("ntf"), primary_key=True)
    channel_id: str = Field(foreign_key="notification_channel.id")
    event_id: int = Field(description="of the incident's event")
    incident_id: str
    event: NoticeEvent = Field(sa_type=choice(NoticeEvent))
    severity: Severity = Field(sa_type=choice(Severity))
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False), description="what a webhook is sent")
    state: DeliveryState = Field(default=DeliveryState.WAITING, sa_type=choice(DeliveryState))
    attempts: int = 0
    due_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = Field(default=None, description="of the last attempt, without the target's secrets")


class NotificationCursor(SQLModel, table=True):
    """How far the incidents' events have been turned into deliveries; one row."""

    __tablename__ = "notification_cursor"

    id: int = Field(default=1, primary_key=True)
    event_id: int = 0
