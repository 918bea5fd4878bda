"""Says how gateways and deployments are. The only writer of ``health_status`` and of standings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select, update

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment, HealthState
from nexdeck.models.gateway import Gateway
from nexdeck.models.health import HealthStanding
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.gateways.rows import find_gateway
from nexdeck.services.health.incident_writer import IncidentLog
from nexdeck.services.health.known import note_change, standing_of
from nexdeck.services.health.recorder import PAUSED, HealthChanges, HealthRecorder
from nexdeck.services.health.sampling import Sampling
from nexdeck.services.metrics.collector import MetricCollector
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.health import is_stale, rest


@dataclass(frozen=True)
class HealthStatus:
    deployment_id: str
    health_status: HealthState
    reason: str
    checked_at: datetime


class HealthService:
    def __init__(
        self,
        database: Database,
        changes: Changes,
        gateways: GatewayDirectory,
        counters: MetricCollector,
        *,
        interval_seconds: float = 15.0,
    ) -> None:
        """``interval_seconds``: the time between two sweeps."""
        self._database = database
        self._changes = changes
        self._gateways = gateways
        self._counters = counters
        self._interval = timedelta(seconds=interval_seconds)
        self.recorder = HealthRecorder(self._interval, counters.traffic, Sampling())

    async def health_check(self, deployment_id: str, *, actor: Actor) -> HealthStatus:
        """Look at the deployment's gateway now, and record what was seen. Raises NotFound for an unknown deployment."""
        gateway_id = (await self._database.read(lambda session: find_deployment(session, deployment_id))).gateway_id
        await self._look(gateway_id)
        row = await self._database.read(lambda session: find_deployment(session, deployment_id))
        return HealthStatus(row.id, row.health_status, row.health_reason or "", row.last_health_check or now())

    async def _look(self, gateway_id: str) -> None:
        look = await self._counters.look(await self._gateways.get(gateway_id, actor=Actor.system()))
        await self._gateways.keep(look)
        await self.record(look)

    async def record(self, look: Probe) -> None:
        """Note what a probe of a gateway says of it and of the deployments on it."""

        def write(session: Session) -> HealthChanges:
            return self.recorder.note(session, [look], self.recorder.known.read(session, [look.gateway.id], look.at))

        self.tell(await self._database.write(write))

    async def paused_gateways(self) -> set[str]:
        paused = select(HealthStanding.subject_id).where(HealthStanding.paused_at.is_not(None))
        return set(await self._database.read(lambda session: session.exec(paused).all()))

    async def pause(self, subject: str, reason: str, *, actor: Actor) -> None:
        """Look no longer at a gateway, or judge a deployment no longer. Paused time is not downtime. Raises NotFound.

        Nothing is repaired on a gateway that is paused.
        """
        news = HealthChanges()

        def write(session: Session) -> None:
            subject_id = find_subject(session, subject)
            values = {"paused_at": now(), "paused_by": actor.name, "pause_reason": reason.strip()[:500]}
            for id_ in _with_what_is_on_it(session, subject_id):
                self._let_rest(session, id_, PAUSED, now(), news)
            session.exec(update(HealthStanding).where(HealthStanding.subject_id == subject_id).values(**values))
            news.subjects.add(subject_id)

        await self._database.write(write)
        self.tell(news)

    async def resume(self, subject: str, *, actor: Actor) -> None:
        """Go on with the checks, and look once now. Raises NotFound."""

        def write(session: Session) -> tuple[str, str]:
            subject_id = find_subject(session, subject)
            nothing = {"paused_at": None, "paused_by": None, "pause_reason": None}
            session.exec(update(HealthStanding).where(HealthStanding.subject_id == subject_id).values(**nothing))
            deployment = session.get(Deployment, subject_id)
            return subject_id, deployment.gateway_id if deployment else subject_id

        subject_id, gateway_id = await self._database.write(write)
        await self._look(gateway_id)
        self.tell(HealthChanges(subjects={subject_id}))

    async def lapse(self) -> None:
        """What was not looked at for three intervals is unknown since the probe that did not come: after a stop of the
        control plane, say. Incidents of what is gone end. Called at the start, and each interval."""
        news = HealthChanges()

        def write(session: Session) -> None:
            known = select(HealthStanding).where(
                HealthStanding.checked_at.is_not(None), HealthStanding.state != HealthState.UNKNOWN
            )
            for standing in session.exec(known).all():
                if is_stale(standing.checked_at, now(), self._interval):
                    when = standing.checked_at
                    reason = f"It was last looked at on {when:%Y-%m-%d at %H:%M:%S} UTC."
                    for id_ in _with_what_is_on_it(session, standing.subject_id):
                        self._let_rest(session, id_, reason, when + self._interval, news)
            news.incidents = IncidentLog.close_orphans(session, now())

        await self._database.write(write)
        self.recorder.traffic.drop_old(now())
        self.tell(news)

    def _let_rest(self, session: Session, subject_id: str, reason: str, at: datetime, news: HealthChanges) -> None:
        row = session.get(HealthStanding, subject_id)
        before = standing_of(row, at)
        after = rest(before, reason, at)
        if row is None:
            session.add(HealthStanding(subject_id=subject_id, reason=reason, since=at))
        elif after != before:
            row.state, row.reason, row.since = after.state, after.reason, after.since
        note_change(session, subject_id, before if row else None, after, at)
        seen = {"health_status": after.state, "health_reason": after.reason}
        session.exec(update(Deployment).where(Deployment.id == subject_id).values(**seen))
        session.flush()
        news.subjects.add(subject_id)
        if subject_id.startswith("dep_"):
            news.deployments.add(subject_id)

    def tell(self, news: HealthChanges) -> None:
        """Send signals of what has been written."""
        for deployment_id in news.deployments:
            self._changes.deployment.send(deployment_id)
        for subject_id in news.subjects:
            self._changes.health.send(subject_id)
        for incident_id in dict.fromkeys(news.incidents):
            self._changes.incident.send(incident_id)


def find_subject(session: Session, subject: str) -> str:
    """The id of a gateway or deployment that is named by id, or of a deployment by name. Raises NotFound."""
    if session.get(Gateway, subject):
        return find_gateway(session, subject).id
    return find_deployment(session, subject).id


def _with_what_is_on_it(session: Session, subject_id: str) -> list[str]:
    on_it = select(Deployment.id).where(Deployment.gateway_id == subject_id, Deployment.undeployed_at.is_(None))
    return [subject_id, *session.exec(on_it)]
