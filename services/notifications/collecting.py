"""From the events of incidents to deliveries: which channel is told of what."""

from datetime import datetime

from sqlmodel import Session, func, select

from nexdeck.models.health import Incident, IncidentEvent
from nexdeck.models.notification import (
    ChannelRule,
    DeliveryState,
    NotificationChannel,
    NotificationCursor,
    NotificationDelivery,
)
from nexdeck.services.notifications.bodies import EVENTS, affected_ids, body_of
from nexdeck.services.rules.notices import concerns, due, wants

EVENTS_AT_ONCE = 200  # turned into deliveries in one transaction
MOST_WAITING = 1000  # for one channel


def is_behind(session: Session) -> bool:
    """Whether there are events that were not taken up yet."""
    newest = session.exec(select(func.max(IncidentEvent.id))).one()
    return newest is not None and newest > _cursor(session).event_id


def _cursor(session: Session) -> NotificationCursor:
    return session.get(NotificationCursor, 1) or NotificationCursor()


def collect_events(session: Session, at: datetime, link: str) -> set[str]:
    """Take up one chunk of events, in one transaction. Returns the channels that have something new."""
    cursor = _cursor(session)
    after = select(IncidentEvent, Incident).join(Incident).where(IncidentEvent.id > cursor.event_id)
    chunk = session.exec(after.order_by(IncidentEvent.id).limit(EVENTS_AT_ONCE)).all()
    channels = session.exec(select(NotificationChannel).where(NotificationChannel.enabled)).all()
    told = set()
    for event, incident in chunk:
        cursor.event_id = event.id
        if event.kind not in EVENTS:
            continue
        for channel in channels:
            if _add(session, channel, event, incident, at, link):
                told.add(channel.id)
    session.add(cursor)
    return told


def _add(
    session: Session, channel: NotificationChannel, event: IncidentEvent, incident: Incident, at: datetime, link: str
) -> bool:
    """Write a delivery if the channel is to be told of the event."""
    rule, kind = ChannelRule.model_validate(channel.rule), EVENTS[event.kind]
    if channel.workspace_id != incident.workspace_id or not concerns(
        rule, incident.gateway_id, affected_ids(session, incident.id)
    ):
        return False
    of_channel = select(NotificationDelivery).where(NotificationDelivery.channel_id == channel.id)
    before = of_channel.where(NotificationDelivery.incident_id == incident.id).limit(1)
    if not wants(rule, kind, event.severity, told_before=session.exec(before).first() is not None):
        return False
    delivery = NotificationDelivery(
        channel_id=channel.id,
        event_id=event.id,
        incident_id=incident.id,
        event=kind,
        severity=event.severity,
        body=body_of(session, event, incident, link),
        due_at=due(rule, event.severity, at),
        created_at=at,
    )
    waiting = of_channel.where(NotificationDelivery.state == DeliveryState.WAITING)
    if session.exec(select(func.count()).select_from(waiting.subquery())).one() >= MOST_WAITING:
        delivery.state, delivery.ended_at = DeliveryState.FAILED, at
        delivery.error = f"{MOST_WAITING:,} notices wait for this channel already."
    session.add(delivery)
    session.flush()
    return True
