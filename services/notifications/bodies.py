"""The stable JSON body of a notice: what a webhook is sent, and what the words for people are made from."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, func, select

from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway
from nexdeck.models.health import Incident, IncidentDeployment, IncidentEvent, IncidentEventKind
from nexdeck.models.notification import TEXT_LIMIT, NoticeEvent

MOST_DEPLOYMENTS = 20
EVENTS = {
    IncidentEventKind.OPENED: NoticeEvent.OPENED,
    IncidentEventKind.CHANGED: NoticeEvent.CHANGED,
    IncidentEventKind.FLAPPING: NoticeEvent.FLAPPING,
    IncidentEventKind.ACKNOWLEDGED: NoticeEvent.ACKNOWLEDGED,
    IncidentEventKind.CLOSED: NoticeEvent.RECOVERED,
}


def affected_ids(session: Session, incident_id: str) -> set[str]:
    """The ids of the deployments that an incident affects."""
    of_it = select(IncidentDeployment.deployment_id).where(IncidentDeployment.incident_id == incident_id)
    return set(session.exec(of_it))


def body_of(session: Session, event: IncidentEvent, incident: Incident, link: str) -> dict[str, Any]:
    """``deployments`` are at most ``MOST_DEPLOYMENTS`` of the affected ones; ``deployment_count`` is how many there
    are. Times are RFC 3339 in UTC."""
    affected = (
        select(Deployment.id, Deployment.name)
        .join(IncidentDeployment, IncidentDeployment.deployment_id == Deployment.id)
        .where(IncidentDeployment.incident_id == incident.id)
        .order_by(Deployment.name)
    )
    count = select(func.count()).where(IncidentDeployment.incident_id == incident.id)
    gateway = session.get(Gateway, incident.gateway_id)
    return {
        "event": EVENTS[event.kind].value,
        "event_id": event.id,
        "at": _time(event.at),
        "by": event.by,
        "message": event.message[:TEXT_LIMIT],
        "workspace": incident.workspace_id,
        "incident": {
            "id": incident.id,
            "title": incident.title[:TEXT_LIMIT],
            "cause": incident.cause.value,
            "severity": event.severity.value,
            "reason": incident.reason[:TEXT_LIMIT],
            "opened_at": _time(incident.opened_at),
            "closed_at": _time(incident.closed_at) if event.kind is IncidentEventKind.CLOSED else None,
        },
        "gateway": gateway and {"id": gateway.id, "name": gateway.name},
        "deployments": [{"id": d, "name": name} for d, name in session.exec(affected.limit(MOST_DEPLOYMENTS))],
        "deployment_count": session.exec(count).one(),
        "url": f"{link}/incidents/{incident.id}",
    }


def test_body(workspace: str, channel_name: str, link: str, by: str, at: datetime) -> dict[str, Any]:
    """What the test button sends: the same shape, of no incident."""
    return {
        "event": NoticeEvent.TEST.value,
        "event_id": 0,
        "at": _time(at),
        "by": by,
        "message": f"This is a test of the channel {channel_name}. Nothing is wrong.",
        "workspace": workspace,
        "incident": {
            "id": "",
            "title": "A test of the channel",
            "cause": "test",
            "severity": "warning",
            "reason": "Somebody pressed “Test”.",
            "opened_at": None,
            "closed_at": None,
        },
        "gateway": None,
        "deployments": [],
        "deployment_count": 0,
        "url": f"{link}/settings",
    }


def _time(at: datetime | None) -> str | None:
    return at and at.isoformat().replace("+00:00", "Z")
