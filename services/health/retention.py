"""Keeps the tables of health within bounds, in chunks so small that no other writer waits for long."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, delete, func, select

from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway
from nexdeck.models.health import (
    HealthChange,
    HealthSample,
    HealthStanding,
    Incident,
    IncidentDeployment,
    IncidentEvent,
    MaintenanceWindow,
)
from nexdeck.services.platform.database import Database

CHUNK = 500
SAMPLES_KEPT = timedelta(days=1)
CHANGES_KEPT = timedelta(days=92)  # a little more than the longest range of uptime
MOST_CHANGES = 20_000  # of one subject; only what flaps for weeks has as many
INCIDENTS_KEPT = timedelta(days=365)


class HealthRetention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def prune(self) -> None:
        """What the scheduler calls. The last change before the cutoff stays: it tells how things were from there on."""
        at = now()
        old = HealthChange.at < at - CHANGES_KEPT
        last = select(func.max(HealthChange.id)).where(old).group_by(HealthChange.subject_id)
        await self._drop(HealthSample, HealthSample.at < at - SAMPLES_KEPT)
        await self._drop(HealthChange, old & HealthChange.id.not_in(last))
        await self._drop(MaintenanceWindow, MaintenanceWindow.ends_at < at - CHANGES_KEPT)
        for subject_id, newest in await self._database.read(_overfull):
            await self._drop(HealthChange, (HealthChange.subject_id == subject_id) & (HealthChange.id < newest))
        while await self._database.write(lambda session: _drop_incidents(session, at - INCIDENTS_KEPT)):
            pass
        await self._database.write(_drop_standings_of_the_gone)

    async def _drop(self, table: type, condition: ColumnElement[bool]) -> None:
        chunk = select(table.id).where(condition).limit(CHUNK)
        while (
            await self._database.write(lambda session: session.exec(delete(table).where(table.id.in_(chunk))))
        ).rowcount:
            pass


def _overfull(session: Session) -> list[tuple[str, int]]:
    """Each subject with more changes than are kept, and the id of the oldest that stays."""
    crowded = select(HealthChange.subject_id).group_by(HealthChange.subject_id).having(func.count() > MOST_CHANGES)
    result = []
    for subject_id in session.exec(crowded).all():
        ids = select(HealthChange.id).where(HealthChange.subject_id == subject_id).order_by(HealthChange.id.desc())
        result.append((subject_id, session.exec(ids.offset(MOST_CHANGES - 1).limit(1)).one()))
    return result


def _drop_incidents(session: Session, before: datetime) -> int:
    old = session.exec(select(Incident.id).where(Incident.closed_at < before).limit(CHUNK)).all()
    for table in (IncidentEvent, IncidentDeployment):
        session.exec(delete(table).where(table.incident_id.in_(old)))
    session.exec(delete(Incident).where(Incident.id.in_(old)))
    return len(old)


def _drop_standings_of_the_gone(session: Session) -> None:
    here = select(Deployment.id).where(Deployment.undeployed_at.is_(None)).union(select(Gateway.id))
    session.exec(delete(HealthStanding).where(HealthStanding.subject_id.not_in(here)))
