"""Channels and deliveries as JSON; a channel's address is shown without what is secret in it."""

from datetime import datetime

from pydantic import Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.models.health import Severity
from nexdeck.models.notification import ChannelKind, ChannelRule, DeliveryState, NoticeEvent


class ChannelShape(Shape):
    id: str
    workspace_id: str
    name: str
    kind: ChannelKind
    shown: str = Field(description="the address without its secret parts; the address itself is never given")
    enabled: bool
    rule: ChannelRule
    old_secret_until: datetime | None = Field(description="until then a webhook's former secret signs too")
    created_at: datetime
    created_by: str
    updated_at: datetime


class NewChannelShape(ChannelShape):
    signing_secret: str | None = Field(description="what a webhook's bodies are signed with; shown only this once")


class DeliveryShape(Shape):
    id: str = Field(description="also a webhook's `webhook-id`, the same at each attempt")
    channel_id: str
    channel: str
    incident_id: str
    event: NoticeEvent
    severity: Severity
    title: str
    state: DeliveryState
    attempts: int
    due_at: datetime = Field(description="of the next attempt, while it waits")
    created_at: datetime
    ended_at: datetime | None
    error: str | None = Field(description="of the last attempt")
