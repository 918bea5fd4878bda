"""Maintenance windows: planned work, during which nothing opens an incident and nothing counts as downtime."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway
from nexdeck.models.health import MaintenanceWindow
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Fault, InvalidInput, NotFound
from nexdeck.services.gateways.rows import find_gateway
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database

LONGEST = timedelta(days=30)
MOST_SHOWN = 200
EVERYTHING = "everything"


@dataclass(frozen=True)
class Planned:
    """A window and what it covers, in words."""

    window: MaintenanceWindow
    scope: str

    def is_under_way(self, at: datetime) -> bool:
        return self.window.starts_at <= at < self.window.ends_at


class MaintenanceService:
    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def to_come(self, *, actor: Actor) -> list[Planned]:
        """What is under way and what is to come, the next first."""
        return await self._database.read(_to_come)

    async def list(self, *, actor: Actor) -> list[Planned]:
        """What is under way and what is to come, the next first, and then what was, the latest first."""
        past = select(MaintenanceWindow).where(MaintenanceWindow.ends_at <= now())
        past = past.order_by(MaintenanceWindow.ends_at.desc()).limit(MOST_SHOWN)
        return await self._database.read(lambda session: _to_come(session) + _with_scope(session, past))

    async def plan(
        self,
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        *,
        gateway: str | None = None,
        deployment: str | None = None,
        actor: Actor,
    ) -> Planned:
        """A window of one gateway or deployment (by id or name), or of everything. Raises InvalidInput or NotFound."""
        _require_sense(starts_at, ends_at, reason, gateway, deployment)

        def write(session: Session) -> Planned:
            subject = None
            if gateway:
                subject = find_gateway(session, gateway).id
            elif deployment:
                subject = find_deployment(session, deployment).id
            window = MaintenanceWindow(
                subject_id=subject, starts_at=starts_at, ends_at=ends_at, reason=reason.strip(), created_by=actor.name
            )
            session.add(window)
            return Planned(window, _scope(session, subject))

        planned = await self._database.write(write)
        self._changes.health.send(planned.window.subject_id or EVERYTHING)
        return planned

    async def end(self, window_id: str, *, actor: Actor) -> None:
        """One that is under way ends now; one that is to come is dropped; one that is over stays. Raises NotFound."""

        def write(session: Session) -> str | None:
            window = session.get(MaintenanceWindow, window_id)
            if window is None:
                raise NotFound("There is no such maintenance window.")
            if window.starts_at > now():
                session.delete(window)
            else:
                window.ends_at = min(window.ends_at, now())
            return window.subject_id

        self._changes.health.send(await self._database.write(write) or EVERYTHING)


def _require_sense(
    starts_at: datetime, ends_at: datetime, reason: str, gateway: str | None, deployment: str | None
) -> None:
    faults = []
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        faults.append(Fault("starts_at", "times need a time zone"))
    elif not starts_at < ends_at:
        faults.append(Fault("ends_at", "must be after the beginning"))
    elif ends_at - starts_at > LONGEST:
        faults.append(Fault("ends_at", f"a window lasts {LONGEST.days} days at most"))
    elif ends_at <= now():
        faults.append(Fault("ends_at", "is over already"))
    if not reason.strip() or len(reason) > 500:
        faults.append(Fault("reason", "say in up to 500 characters what is done"))
    if gateway and deployment:
        faults.append(Fault("deployment", "name a gateway or a deployment, not both"))
    if faults:
        raise InvalidInput("The maintenance window is not valid.", errors=faults)


def _to_come(session: Session) -> list[Planned]:
    windows = select(MaintenanceWindow).where(MaintenanceWindow.ends_at > now())
    return _with_scope(session, windows.order_by(MaintenanceWindow.starts_at).limit(MOST_SHOWN))


def _with_scope(session: Session, windows: SelectOfScalar[MaintenanceWindow]) -> list[Planned]:
    return [Planned(window, _scope(session, window.subject_id)) for window in session.exec(windows)]


def _scope(session: Session, subject_id: str | None) -> str:
    if subject_id is None:
        return "Everything"
    if gateway := session.get(Gateway, subject_id):
        return f"Gateway {gateway.name}"
    deployment = session.get(Deployment, subject_id)
    return deployment.name if deployment else "Something that is gone"


@dataclass(frozen=True)
class Cover:
    """What maintenance covers at one moment."""

    subjects: frozenset[str | None]

    def covers(self, *subject_ids: str | None) -> bool:
        """Whether any of these is, e.g. a deployment and the gateway that it is on."""
        return None in self.subjects or not self.subjects.isdisjoint(subject_ids)


def cover_at(session: Session, at: datetime) -> Cover:
    under_way = select(MaintenanceWindow.subject_id).where(
        MaintenanceWindow.ends_at > at, MaintenanceWindow.starts_at <= at
    )
    return Cover(frozenset(session.exec(under_way)))


def windows_since(session: Session, since: datetime, subject_ids: Sequence[str]) -> list[MaintenanceWindow]:
    """Those of the subjects, and of everything, that reach into the time since then."""
    theirs = or_(MaintenanceWindow.subject_id.is_(None), MaintenanceWindow.subject_id.in_(subject_ids))
    return list(session.exec(select(MaintenanceWindow).where(MaintenanceWindow.ends_at > since, theirs)))
