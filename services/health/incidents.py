"""Reads incidents, and lets people acknowledge them and write notes. What opens and closes them: ``incident_log``."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, func, or_, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway
from nexdeck.models.health import Incident, IncidentDeployment, IncidentEvent, IncidentEventKind, Severity
from nexdeck.services.errors import Fault, InvalidInput, NotFound
from nexdeck.services.health.incident_writer import event_of
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.paging import MAX_LIMIT, Page, parse_cursor

MOST_EVENTS = 500
MOST_AFFECTED = 1_000
LONGEST_NOTE = 4_000


@dataclass(frozen=True)
class IncidentQuery:
    """``open``: only those that are open, or only those that are closed; ``gateway`` and ``deployment`` by id; those
    of a deployment include its gateway's."""

    open: bool | None = None
    severity: Severity | None = None
    gateway: str | None = None
    deployment: str | None = None
    limit: int = 25
    cursor: str | None = None


@dataclass(frozen=True)
class IncidentSummary:
    incident: Incident
    gateway_name: str
    affected: int


@dataclass(frozen=True)
class IncidentDetail:
    """``affected``: id and name of each deployment; ``events``: the timeline, the oldest first."""

    summary: IncidentSummary
    affected: list[tuple[str, str]]
    events: list[IncidentEvent]


class IncidentService:
    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def list(self, query: IncidentQuery, *, actor: Actor) -> Page[IncidentSummary]:
        """The open ones first, critical before warning, and then the latest first."""
        return await self._database.read(lambda session: list_incidents(session, query))

    async def open_causes(self, *, actor: Actor) -> set[str]:
        """The gateways and deployments, by id, that have an open incident of their own."""
        open_ = select(Incident.cause_key).where(Incident.closed_at.is_(None))
        return set(await self._database.read(lambda session: session.exec(open_).all()))

    async def get(self, incident_id: str, *, actor: Actor) -> IncidentDetail:
        """Raises NotFound."""
        return await self._database.read(lambda session: read_incident(session, incident_id))

    async def acknowledge(self, incident_id: str, *, actor: Actor) -> IncidentDetail:
        """Somebody sees to it. Done again it changes nothing. Raises NotFound."""

        def write(session: Session) -> bool:
            incident = find_incident(session, incident_id)
            if incident.acknowledged_at is not None:
                return False
            incident.acknowledged_at, incident.acknowledged_by = now(), actor.name
            words = f"{actor.name} sees to it."
            session.add(event_of(incident, IncidentEventKind.ACKNOWLEDGED, words, incident.acknowledged_at, actor.name))
            return True

        if await self._database.write(write):
            self._changes.incident.send(incident_id)
        return await self.get(incident_id, actor=actor)

    async def add_note(self, incident_id: str, text: str, *, actor: Actor) -> IncidentDetail:
        """Raises NotFound or InvalidInput."""
        if not text.strip() or len(text) > LONGEST_NOTE:
            fault = Fault("text", f"write 1 to {LONGEST_NOTE:,} characters")
            raise InvalidInput("The note is not valid.", errors=[fault])

        def write(session: Session) -> None:
            incident = find_incident(session, incident_id)
            of_it = select(func.count()).where(IncidentEvent.incident_id == incident.id)
            if session.exec(of_it).one() >= MOST_EVENTS:
                raise InvalidInput(f"The timeline of this incident is full: {MOST_EVENTS} lines.")
            session.add(event_of(incident, IncidentEventKind.NOTE, text.strip(), now(), actor.name))

        await self._database.write(write)
        self._changes.incident.send(incident_id)
        return await self.get(incident_id, actor=actor)


def find_incident(session: Session, incident_id: str) -> Incident:
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise NotFound(f"There is no incident {incident_id[:80]!r}. `nexdeck incidents` shows those there are.")
    return incident


def list_incidents(session: Session, query: IncidentQuery) -> Page[IncidentSummary]:
    offset, limit = parse_cursor(query.cursor), max(1, min(query.limit, MAX_LIMIT))
    conditions = []
    if query.open is not None:
        conditions.append(Incident.closed_at.is_(None) if query.open else Incident.closed_at.is_not(None))
    if query.severity is not None:
        conditions.append(Incident.severity == query.severity)
    if query.gateway:
        conditions.append(Incident.gateway_id == query.gateway)
    if query.deployment:
        affecting = select(IncidentDeployment.incident_id).where(IncidentDeployment.deployment_id == query.deployment)
        conditions.append(or_(Incident.deployment_id == query.deployment, Incident.id.in_(affecting)))
    total = session.exec(select(func.count(Incident.id)).where(*conditions)).one()
    is_closed = Incident.closed_at.is_not(None)
    order = (is_closed, (Incident.severity != Severity.CRITICAL) & ~is_closed, Incident.opened_at.desc(), Incident.id)
    found = session.exec(select(Incident).where(*conditions).order_by(*order).offset(offset).limit(limit)).all()
    return Page(summaries_of(session, found), total, offset, limit)


def summaries_of(session: Session, incidents: Sequence[Incident]) -> list[IncidentSummary]:
    ids = [incident.id for incident in incidents]
    counts = (
        select(IncidentDeployment.incident_id, func.count())
        .where(IncidentDeployment.incident_id.in_(ids))
        .group_by(IncidentDeployment.incident_id)
    )
    affected = dict(session.exec(counts).all())
    gateways = select(Gateway.id, Gateway.name).where(Gateway.id.in_({i.gateway_id for i in incidents}))
    names = dict(session.exec(gateways).all())
    return [
        IncidentSummary(incident, names.get(incident.gateway_id, "a removed gateway"), affected.get(incident.id, 0))
        for incident in incidents
    ]


def read_incident(session: Session, incident_id: str) -> IncidentDetail:
    incident = find_incident(session, incident_id)
    affected = (
        select(Deployment.id, Deployment.name)
        .join(IncidentDeployment, IncidentDeployment.deployment_id == Deployment.id)
        .where(IncidentDeployment.incident_id == incident.id)
        .order_by(Deployment.name)
        .limit(MOST_AFFECTED)
    )
    events = select(IncidentEvent).where(IncidentEvent.incident_id == incident.id).order_by(IncidentEvent.id.desc())
    return IncidentDetail(
        summaries_of(session, [incident])[0],
        [tuple(row) for row in session.exec(affected)],
        list(reversed(session.exec(events.limit(MOST_EVENTS)).all())),
    )
