"""What the public is told: states in plain words, uptime and incidents, under public names and without a reason, an
address or the name of anything that is ours."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, Field
from sqlmodel import Session, or_, select

from nexdeck.models.deployment import Deployment, DeploymentStatus, HealthState
from nexdeck.models.health import HealthStanding, Incident, IncidentDeployment, Severity
from nexdeck.models.percents import told
from nexdeck.models.status_page import StatusPageSettings
from nexdeck.services.health.maintenance import Cover, cover_at
from nexdeck.services.health.uptime import RANGES, Uptime, read_uptimes

RECENT = timedelta(days=14)
MOST_INCIDENTS = 20


class PublicState(StrEnum):
    """In ascending order of how bad it is."""

    UNKNOWN = "unknown"
    OFF = "off"
    OPERATIONAL = "operational"
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    DOWN = "down"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    PublicState.UNKNOWN: "Not known yet",
    PublicState.OFF: "Not in service",
    PublicState.OPERATIONAL: "Operational",
    PublicState.MAINTENANCE: "Planned work",
    PublicState.DEGRADED: "Slow or failing for some",
    PublicState.DOWN: "Unavailable",
}
_HEADLINES = {
    PublicState.UNKNOWN: "Nothing is known yet",
    PublicState.OFF: "Nothing is in service",
    PublicState.OPERATIONAL: "All services are operational",
    PublicState.MAINTENANCE: "Planned work is under way",
    PublicState.DEGRADED: "Some services are slow or failing for some",
    PublicState.DOWN: "Some services are unavailable",
}
_BY_HEALTH = {
    HealthState.HEALTHY: PublicState.OPERATIONAL,
    HealthState.DEGRADED: PublicState.DEGRADED,
    HealthState.UNHEALTHY: PublicState.DOWN,
    HealthState.UNKNOWN: PublicState.UNKNOWN,
}


class Bar(BaseModel):
    """A day: its worst state, and the share of the time that it was up, in percent of what is known."""

    begins_at: datetime
    state: PublicState
    percent: float | None


class PublicService(BaseModel):
    name: str
    state: PublicState
    words: str
    uptime_percent: float | None = Field(description="of 90 days; null while nothing is known")
    bars: list[Bar] = Field(description="one for each of the last 90 days, the oldest first")


class PublicIncident(BaseModel):
    title: str
    services: list[str]
    began_at: datetime
    ended_at: datetime | None = Field(description="null while it lasts")


class PublicStatus(BaseModel):
    title: str
    state: PublicState
    headline: str
    updated_at: datetime
    services: list[PublicService]
    incidents: list[PublicIncident] = Field(description="those that last first, then those of the last 14 days")


def read_public_status(session: Session, settings: StatusPageSettings, at: datetime) -> PublicStatus:
    names = {item.deployment: item.name for item in settings.items}
    rows = {row.id: row for row in session.exec(select(Deployment).where(Deployment.id.in_(names)))}
    standings = {s.subject_id: s.state for s in session.exec(_standings(names))}
    cover = cover_at(session, at)
    uptimes = read_uptimes(session, {id_: row.gateway_id for id_, row in rows.items()}, RANGES["90d"], at)
    services = [
        _service(name, _state(rows[id_], standings.get(id_), cover), uptimes[id_])
        for id_, name in names.items()
        if id_ in rows
    ]
    state = _overall([service.state for service in services])
    return PublicStatus(
        title=settings.title,
        state=state,
        headline=_HEADLINES[state],
        updated_at=at.replace(second=0, microsecond=0),
        services=services,
        incidents=_incidents(session, names, at),
    )


def _standings(ids: Iterable[str]):
    return select(HealthStanding).where(HealthStanding.subject_id.in_(ids))


def _state(deployment: Deployment, health: HealthState | None, cover: Cover) -> PublicState:
    if deployment.undeployed_at is not None or deployment.status is DeploymentStatus.STOPPED:
        return PublicState.OFF
    if cover.covers(deployment.id, deployment.gateway_id):
        return PublicState.MAINTENANCE
    if deployment.status is DeploymentStatus.FAILED:
        return PublicState.DOWN
    return _BY_HEALTH[health or HealthState.UNKNOWN]


def _service(name: str, state: PublicState, uptime: Uptime) -> PublicService:
    bars = [
        Bar(begins_at=slot.begins_at, state=_BY_HEALTH[slot.worst], percent=_rounded(slot.percent))
        for slot in uptime.slots
    ]
    return PublicService(name=name, state=state, words=state.words, uptime_percent=_rounded(uptime.percent), bars=bars)


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else told(percent)


def _overall(states: list[PublicState]) -> PublicState:
    order = list(PublicState)
    return max(states, key=order.index, default=PublicState.UNKNOWN)


def _incidents(session: Session, names: dict[str, str], at: datetime) -> list[PublicIncident]:
    recent = or_(Incident.closed_at.is_(None), Incident.closed_at > at - RECENT)
    query = (
        select(Incident, IncidentDeployment.deployment_id)
        .join(IncidentDeployment, IncidentDeployment.incident_id == Incident.id)
        .where(IncidentDeployment.deployment_id.in_(names), recent)
        .order_by(Incident.closed_at.is_not(None), Incident.opened_at.desc())
        .limit(MOST_INCIDENTS * len(names))
    )
    affected: dict[str, tuple[Incident, list[str]]] = {}
    for incident, deployment_id in session.exec(query):
        affected.setdefault(incident.id, (incident, []))[1].append(names[deployment_id])
    return [_incident(incident, sorted(services)) for incident, services in list(affected.values())[:MOST_INCIDENTS]]


def _incident(incident: Incident, services: list[str]) -> PublicIncident:
    what = "unavailable" if incident.severity is Severity.CRITICAL else "slow or failing for some"
    who = services[0] if len(services) == 1 else f"{len(services)} services"
    return PublicIncident(
        title=f"{who}: {what}", services=services, began_at=incident.opened_at, ended_at=incident.closed_at
    )
