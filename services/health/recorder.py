"""Notes what looks at gateways say of them and of what is on them: one transaction, whatever the number of deployments.

Of a deployment that is as it was, nothing is written but the time of the probe, and that for all in one statement.
"""

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from sqlmodel import Session, select, update

from nexdeck.models.base import now
from nexdeck.models.control import DeploymentState
from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState, HealthState
from nexdeck.models.gateway import Gateway
from nexdeck.models.health import HealthCause, HealthSample, HealthStanding
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.health.incident_writer import IncidentLog, Subject
from nexdeck.services.health.known import Known, KnownRow, KnownRows, note_change, note_times, standing_of
from nexdeck.services.health.sampling import Sampling, turn_of
from nexdeck.services.metrics.recent_traffic import TrafficWindows
from nexdeck.services.rules.convergence import is_settled
from nexdeck.services.rules.health import Sight, Standing, Traffic, judge, rest

GATEWAY_ANSWERS = "It answers."
PAUSED = "Checks are paused."
UNDER_WAY = (DeploymentStatus.PENDING, DeploymentStatus.DEPLOYING)


@dataclass
class HealthChanges:
    """Ids of what looks different now."""

    deployments: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    incidents: list[str] = field(default_factory=list)


class _Scene(NamedTuple):
    """What a probe judged by, to the last column. Nothing new can come of seeing the same again of a deployment that is
    not ``restless``: it was well, stayed as it was, and no samples were taken of it in that time, ``turn``."""

    rows: list[KnownRow]
    held: list[DeploymentState]
    turn: int
    restless: set[str]


@dataclass
class HealthRecorder:
    """What outlives a probe: the interval of the sweep, traffic windows, and what the sample calls found of late.

    ``sample_faults``: deployment → why its sample call failed. ``scenes``: what the last probe of each gateway saw.
    """

    interval: timedelta
    traffic: TrafficWindows
    sampling: Sampling
    known: KnownRows = field(default_factory=KnownRows)
    sample_faults: dict[str, str] = field(default_factory=dict)
    scenes: dict[str, _Scene] = field(default_factory=dict)

    def note(self, session: Session, looks: list[Probe], known: Known) -> HealthChanges:
        """Each look is at another gateway."""
        news = HealthChanges()
        judged = [look for look in looks if _Entry(self, session, look, known, news).write()]
        note_times(session, judged, [look for look in looks if look.is_up and known.deployments[look.gateway.id]])
        return news


class _Entry:
    def __init__(
        self, recorder: HealthRecorder, session: Session, look: Probe, known: Known, news: HealthChanges
    ) -> None:
        self._recorder, self._session, self._look, self._known, self._news = recorder, session, look, known, news
        self._restless: set[str] = set()
        incidents = known.incidents[look.gateway.id]
        self._incidents = IncidentLog(session, look.at, {incident.cause_key: incident for incident in incidents})
        held = look.deployments if look.is_up else []
        self._held: dict[str, DeploymentState] = {state.deployment_id: state for state in held}
        self._scene = _Scene(known.deployments[look.gateway.id], held, turn_of(look.at), self._restless)

    def write(self) -> bool:
        """Returns whether the gateway was judged: one whose checks are paused is not."""
        gateway = self._look.gateway
        row = self._known.standings.get(gateway.id)
        self._is_paused = row is not None and row.paused_at is not None
        if self._is_paused:
            self._standing = standing_of(row, self._look.at)
        else:
            self._standing = self._judge_gateway(gateway, row)
        for deployment in self._to_judge():
            self._judge_deployment(deployment)
        self._recorder.scenes[gateway.id] = self._scene  # not earlier: what a failure left unjudged is judged next time
        self._end_incidents_of_the_gone({row.id for row in self._scene.rows})
        self._news.incidents += self._incidents.touched
        return not self._is_paused

    def _judge_gateway(self, gateway: Gateway, row: KnownRow | None) -> Standing:
        before = standing_of(row, self._look.at)
        fault = None if self._look.is_up else gateway.status_reason or f"Gateway {gateway.name} is still starting."
        sight = Sight(
            good=GATEWAY_ANSWERS,
            fault=fault,
            cause=HealthCause.UNREACHABLE,
            is_excused=self._look.is_coming_up,
            boot_id=self._look.state and self._look.state.boot_id,
            is_boot_asked_for=self._look.is_asked_for,
        )
        standing = judge(before, sight, self._look.at, self._recorder.interval)
        self._keep(gateway.id, row is not None, before, standing)
        subject = Subject(gateway.name, gateway.id)
        in_maintenance = self._known.cover.covers(gateway.id)
        incident = self._incidents.follow(subject, standing, in_maintenance=in_maintenance)
        if incident is not None and standing.state is not HealthState.HEALTHY:
            affected = select(Deployment.id).where(
                Deployment.gateway_id == gateway.id,
                Deployment.undeployed_at.is_(None),
                Deployment.live_revision.is_not(None),
                Deployment.desired_state == DesiredState.RUNNING,
            )
            self._incidents.affect(incident, list(self._session.exec(affected)))
        self._sample(gateway.id, standing, probe_ms=self._look.probe_ms if self._look.state else None)
        return standing

    def _to_judge(self) -> list[KnownRow]:
        """Those of which there may be something new."""
        recorder, scene, before = self._recorder, self._scene, self._recorder.scenes.get(self._look.gateway.id)
        if before is None or self._is_paused or before[:3] != scene[:3]:
            return scene.rows
        restless, faulty, troubled = before.restless, recorder.sample_faults, recorder.traffic.troubled
        return [row for row in scene.rows if row.id in restless or row.id in faulty or row.id in troubled]

    def _judge_deployment(self, row: KnownRow) -> None:
        held = self._held.get(row.id)
        self._restless.add(row.id)  # until it is known that it is not
        traffic = self._recorder.traffic.seen(row.id, row.live_revision, self._look.at, row.latency_limit_ms)
        before = standing_of(row, self._look.at)
        if (why := _why_not_judged(row, self._is_paused)) is not None:
            standing = rest(before, why, self._look.at)
            if row.paused_at is None and row.desired_state is not DesiredState.RUNNING:
                self._close_incident(row.id, "It was stopped.")
        elif (sight := self._sight(row, held, traffic)) is None:
            return
        else:
            standing = judge(before, sight, self._look.at, self._recorder.interval)
            subject = Subject(row.name, self._look.gateway.id, row.id)
            in_maintenance = self._known.cover.covers(row.id, self._look.gateway.id)
            self._incidents.follow(subject, standing, in_maintenance=in_maintenance)
            self._sample(row.id, standing, requests=traffic.requests, errors=traffic.errors)
            if standing.is_settled and sight.fault is None and before == standing:
                self._restless.discard(row.id)
        self._keep(row.id, row.state is not None, before, standing)
        self._show(row, standing)

    def _sight(self, row: KnownRow, held: DeploymentState | None, traffic: Traffic) -> Sight | None:
        """What the probe says of a deployment that should be served; None: nothing, for the time being."""
        name = self._look.gateway.name
        if not self._look.is_up:
            if self._standing.state is not HealthState.UNHEALTHY:
                return None
            fault = f"Gateway {name} cannot be reached: {self._standing.reason}"
            return Sight(fault=fault, cause=HealthCause.GATEWAY)
        is_excused = row.status in UNDER_WAY or not is_settled(row.updated_at, self._look.at, now())
        if held is None or held.live is None:
            cause = f": {held.error}" if held and held.error else "."
            return Sight(fault=f"Gateway {name} does not serve it{cause}", is_excused=is_excused)
        if (held.live.revision, held.live.sha256) != (row.live_revision, row.sha256):
            fault = f"Gateway {name} serves revision {held.live.revision}, not revision {row.live_revision}."
            return Sight(fault=fault, is_excused=is_excused)
        if fault := self._recorder.sample_faults.get(row.id):
            return Sight(fault=fault, cause=HealthCause.SYNTHETIC)
        return Sight(good=f"Gateway {name} serves revision {row.live_revision}.", traffic=traffic)

    def _keep(self, subject_id: str, is_known: bool, before: Standing, after: Standing) -> None:
        if is_known and before == after:
            return
        values = asdict(after)
        if is_known:
            self._session.execute(
                update(HealthStanding).where(HealthStanding.subject_id == subject_id).values(**values)
            )
        else:
            self._session.add(HealthStanding(subject_id=subject_id, **values))
            self._session.flush()
        note_change(self._session, subject_id, before if is_known else None, after, self._look.at)
        if not is_known or appearance_of(before) != appearance_of(after):
            self._news.subjects.add(subject_id)

    def _show(self, row: KnownRow, standing: Standing) -> None:
        """Bring the deployment's own columns up to date."""
        if (row.health_status, row.health_reason) == (standing.state, standing.reason):
            return
        values = {"health_status": standing.state, "health_reason": standing.reason}
        self._session.execute(update(Deployment).where(Deployment.id == row.id).values(**values))
        self._news.deployments.add(row.id)

    def _sample(self, subject_id: str, standing: Standing | KnownRow, **seen: Any) -> None:
        if self._recorder.sampling.is_due(subject_id, standing.state, self._look.at):
            values = {"state": standing.state, "reason": standing.reason, **seen}
            self._session.add(HealthSample(subject_id=subject_id, at=self._look.at, **values))

    def _close_incident(self, subject_id: str, why: str) -> None:
        if incident := self._incidents.open.get(subject_id):
            self._incidents.close(incident, why)

    def _end_incidents_of_the_gone(self, here: set[str]) -> None:
        for incident in list(self._incidents.open.values()):
            if incident.deployment_id is not None and incident.deployment_id not in here:
                self._incidents.close(incident, "It was undeployed.")


def _why_not_judged(row: KnownRow, is_gateway_paused: bool) -> str | None:
    if row.paused_at is not None or is_gateway_paused:
        return PAUSED
    if row.desired_state is not DesiredState.RUNNING:
        return "It is not meant to run."
    if row.live_revision is None or row.sha256 is None:
        return "It is not live yet."
    if row.status not in (DeploymentStatus.RUNNING, *UNDER_WAY):
        return "It does not run."
    return None


def appearance_of(standing: Standing) -> tuple:
    """What people see of it."""
    return standing.state, standing.cause, standing.reason, standing.flapping
