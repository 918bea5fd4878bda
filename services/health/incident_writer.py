"""Writes incidents: opened, carried on and closed by what becomes of a subject, in the transaction that notes it."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, select

from nexdeck.models.deployment import HealthState
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.health import (
    HealthCause,
    Incident,
    IncidentDeployment,
    IncidentEvent,
    IncidentEventKind,
    Severity,
)
from nexdeck.services.rules.health import OF_PRESENCE, Standing

BY_ITSELF = "health"
SEVERITIES = {HealthState.DEGRADED: Severity.WARNING, HealthState.UNHEALTHY: Severity.CRITICAL}
TITLES = {
    HealthCause.UNREACHABLE: "Gateway {name} cannot be reached",
    HealthCause.RESTARTS: "Gateway {name} keeps restarting",
    HealthCause.ABSENT: "{name} is not served by its gateway",
    HealthCause.ERRORS: "Calls of {name} fail",
    HealthCause.SLOW: "{name} is slow",
    HealthCause.SYNTHETIC: "The sample call of {name} fails",
}


@dataclass(frozen=True)
class Subject:
    """Whose trouble it may be: a gateway (``deployment_id`` is None), or a deployment on it."""

    name: str
    gateway_id: str
    deployment_id: str | None = None

    @property
    def id(self) -> str:
        return self.deployment_id or self.gateway_id


@dataclass
class IncidentLog:
    """The open incidents of one gateway and of what is on it. ``touched``: ids of those that changed."""

    session: Session
    at: datetime
    open: dict[str, Incident]
    touched: list[str] = field(default_factory=list)

    def follow(self, subject: Subject, standing: Standing, *, in_maintenance: bool) -> Incident | None:
        """Open, carry on or close what the standing asks for. Returns the subject's open incident.

        The trouble of a gateway is its own incident, never one of each deployment on it. What is not judged keeps its
        incident until somebody knows more. While it flaps one incident stays open, and nothing more is written.
        """
        incident = self.open.get(subject.id)
        severity = SEVERITIES.get(standing.state)
        is_own = severity is not None and standing.cause in TITLES
        if incident is None:
            return self._open(subject, standing, severity) if is_own and not in_maintenance else None
        if standing.flapping and not incident.flapping:
            self._flap(incident, standing)
        elif incident.flapping and not standing.flapping:
            incident.flapping = False
        if standing.state is HealthState.HEALTHY and not standing.flapping:
            self.close(incident, f"It is well again. {standing.reason}")
            return None
        if is_own and not standing.flapping:
            self._carry_on(incident, subject, standing, severity)
        return incident

    def _open(self, subject: Subject, standing: Standing, severity: Severity) -> Incident:
        incident = Incident(
            cause=standing.cause,
            cause_key=subject.id,
            gateway_id=subject.gateway_id,
            deployment_id=subject.deployment_id,
            severity=severity,
            title=TITLES[standing.cause].format(name=subject.name),
            reason=standing.reason,
            flapping=standing.flapping,
            opened_at=self.at,
        )
        self.session.add(incident)
        self.session.flush()
        self.open[subject.id] = incident
        self._event(incident, IncidentEventKind.OPENED, standing.reason)
        if subject.deployment_id:
            self.affect(incident, [subject.deployment_id])
        return incident

    def _carry_on(self, incident: Incident, subject: Subject, standing: Standing, severity: Severity) -> None:
        if standing.cause not in OF_PRESENCE or not standing.successes:
            incident.reason = standing.reason  # a good probe tells of the recovery, not of the trouble
        if (incident.severity, incident.cause) == (severity, standing.cause):
            return
        incident.severity, incident.cause = severity, standing.cause
        incident.title = TITLES[standing.cause].format(name=subject.name)
        self._event(incident, IncidentEventKind.CHANGED, standing.reason)

    def _flap(self, incident: Incident, standing: Standing) -> None:
        incident.flapping = True
        words = f"It came and went {len(standing.switches)} times in a short while. This stays open until it settles."
        self._event(incident, IncidentEventKind.FLAPPING, words)

    def close(self, incident: Incident, why: str) -> None:
        incident.closed_at, incident.flapping = self.at, False
        self.open.pop(incident.cause_key, None)
        self._event(incident, IncidentEventKind.CLOSED, why)

    @classmethod
    def close_orphans(cls, session: Session, at: datetime) -> list[str]:
        """Close those whose gateway was removed. Returns their ids."""
        is_there = (Gateway.id == Incident.gateway_id) & (Gateway.status != GatewayStatus.REMOVED)
        orphans = (
            select(Incident)
            .join(Gateway, is_there, isouter=True)
            .where(Incident.closed_at.is_(None), Gateway.id.is_(None))
        )
        log = cls(session, at, {})
        for incident in session.exec(orphans).all():
            log.close(incident, "Its gateway was removed.")
        return log.touched

    def affect(self, incident: Incident, deployment_ids: list[str]) -> None:
        """Note that the incident affects these, once each."""
        of_it = select(IncidentDeployment.deployment_id).where(IncidentDeployment.incident_id == incident.id)
        known = set(self.session.exec(of_it))
        new = [id_ for id_ in deployment_ids if id_ not in known]
        self.session.add_all(IncidentDeployment(incident_id=incident.id, deployment_id=id_) for id_ in new)

    def _event(self, incident: Incident, kind: IncidentEventKind, message: str) -> None:
        self.touched.append(incident.id)
        self.session.add(event_of(incident, kind, message, self.at))


def event_of(
    incident: Incident, kind: IncidentEventKind, message: str, at: datetime, by: str = BY_ITSELF
) -> IncidentEvent:
    return IncidentEvent(incident_id=incident.id, at=at, kind=kind, severity=incident.severity, by=by, message=message)
