"""How states are worded and coloured: the same on every page. Pure."""

from dataclasses import dataclass

from nexdeck.models.choices import Channel
from nexdeck.models.deployment import (
    Deployment,
    DeploymentStatus,
    DesiredState,
    HealthState,
    OperationKind,
    StatusChange,
)
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.health import HealthStanding, Incident, Severity
from nexdeck.models.manifest import AgentKind
from nexdeck.models.notification import ChannelRule, DeliveryState, NoticeChoice, NoticeEvent
from nexdeck.models.option_table import BY_PATH
from nexdeck.services.deployments.journal import CANARY, OperationDetail


@dataclass(frozen=True)
class StatusStyle:
    """``tone`` is ok, warn, bad, info, idle or none; ``motion`` is live (pulses), busy (blinks) or nothing."""

    text: str
    tone: str
    motion: str = ""

    @property
    def classes(self) -> str:
        return f"chip {self.tone} {self.motion}".strip()


UNDER_WAY = {
    OperationKind.DEPLOY: "Deploying",
    OperationKind.REDEPLOY: "Redeploying",
    OperationKind.ROLLBACK: "Rolling back",
    OperationKind.STOP: "Stopping",
    OperationKind.START: "Starting",
    OperationKind.RESTART: "Restarting",
    OperationKind.UNDEPLOY: "Undeploying",
}
STATUS = {
    DeploymentStatus.PENDING: StatusStyle("Pending", "info", "busy"),
    DeploymentStatus.DEPLOYING: StatusStyle("Deploying", "info", "busy"),
    DeploymentStatus.RUNNING: StatusStyle("Running", "ok", "live"),
    DeploymentStatus.STOPPED: StatusStyle("Stopped", "idle"),
    DeploymentStatus.FAILED: StatusStyle("Failed", "bad"),
}
HEALTH = {
    HealthState.HEALTHY: StatusStyle("Healthy", "ok"),
    HealthState.DEGRADED: StatusStyle("Degraded", "warn"),
    HealthState.UNHEALTHY: StatusStyle("Unhealthy", "bad"),
    HealthState.UNKNOWN: StatusStyle("Not checked", "idle"),
}
NO_HEALTH = StatusStyle("–", "none")
PAUSED = StatusStyle("Paused", "idle")
GATEWAY = {
    GatewayStatus.STARTING: StatusStyle("Starting", "info", "busy"),
    GatewayStatus.ONLINE: StatusStyle("Online", "ok", "live"),
    GatewayStatus.OFFLINE: StatusStyle("Offline", "bad"),
    GatewayStatus.UNKNOWN: StatusStyle("Not seen yet", "idle"),
    GatewayStatus.REMOVED: StatusStyle("Removed", "none"),
}
INCIDENT = {Severity.CRITICAL: StatusStyle("Critical", "bad"), Severity.WARNING: StatusStyle("Warning", "warn")}
FLAPPING = StatusStyle("Flapping", "warn", "busy")
CLOSED = StatusStyle("Closed", "idle")
KINDS = {AgentKind.DECLARATIVE: "Declarative", AgentKind.PYTHON: "Python", AgentKind.ORCHESTRATION: "Orchestration"}
KIND_ICONS = {AgentKind.DECLARATIVE: "bot", AgentKind.PYTHON: "code", AgentKind.ORCHESTRATION: "workflow"}
CHANNELS = {Channel.API: "REST API", Channel.CLI: "Command line", Channel.MCP: "MCP"}
TILE_COLOURS = ("#5b5bd6", "#0d9488", "#c2710c", "#c43a76", "#2563eb", "#7c3aed")


def status_style(deployment: Deployment, operation: OperationDetail | None) -> StatusStyle:
    """What is under way, else the status; a stop that waits for its gateway is told as such."""
    if deployment.undeployed_at is not None:
        return StatusStyle("Undeployed", "idle")
    if operation is not None and operation.is_at(CANARY):
        return StatusStyle("Canary", "info", "busy")
    if operation is not None:
        return StatusStyle(UNDER_WAY[operation.operation.kind], "info", "busy")
    if deployment.desired_state is not DesiredState.RUNNING and deployment.status is DeploymentStatus.RUNNING:
        return StatusStyle("Stop pending", "warn", "busy")
    return STATUS[deployment.status]


def health_style(deployment: Deployment) -> StatusStyle:
    """Health is told only of what serves, be it while a change of it is under way."""
    if deployment.live_revision is None or deployment.undeployed_at is not None:
        return NO_HEALTH
    return HEALTH[deployment.health_status]


def option_words(path: str) -> str:
    """An option by its dotted path, as people call it: ``limits.max_concurrency`` → ``calls at once``."""
    if path in BY_PATH:
        return BY_PATH[path].words
    group, _, name = path.partition(".")
    return f"{BY_PATH[group].words.removesuffix('s')} {name}" if name and group in BY_PATH else path


def gateway_style(gateway: Gateway, pause: HealthStanding | None = None) -> StatusStyle:
    """What the last look saw, unless nobody looks."""
    return GATEWAY[gateway.status] if pause is None else PAUSED


def incident_style(incident: Incident) -> StatusStyle:
    return CLOSED if incident.closed_at is not None else INCIDENT[incident.severity]


def tile_colour(name: str) -> str:
    """Always the same for the same name, so that a thing is recognised before it is read."""
    return TILE_COLOURS[sum(name.encode()) % len(TILE_COLOURS)]


def event_tone(change: StatusChange) -> str:
    if change.event in ("failed", "kept the live revision"):
        return "bad"
    return {DeploymentStatus.RUNNING: "ok", DeploymentStatus.STOPPED: "idle"}.get(change.to_status, "info")


def event_words(change: StatusChange) -> str:
    """One line of the timeline."""
    sentences = {
        "requested": "Change requested",
        "begun": "Rollout began",
        "resumed": "Taken up again",
        "proven": "Proven on every channel and live",
        "failed": "Failed",
        "kept the live revision": "Rollout failed; the live revision serves on",
        "cancelled": "Cancelled",
        "stopped": "Stopped; its absence was observed",
    }
    return sentences.get(change.event, change.event.capitalize())


def milliseconds(value: float) -> str:
    return "–" if not value else f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def count_of(number: int, one: str, many: str | None = None) -> str:
    """``1 gateway``, ``2 gateways``, ``no gateways``."""
    return f"{number if number else 'no'} {one if number == 1 else many or one + 's'}"


CHANNEL_ON, CHANNEL_OFF = StatusStyle("On", "ok"), StatusStyle("Off", "idle")
NOTICE = {
    NoticeEvent.OPENED: "Opened",
    NoticeEvent.CHANGED: "Changed",
    NoticeEvent.FLAPPING: "Comes and goes",
    NoticeEvent.ACKNOWLEDGED: "Acknowledged",
    NoticeEvent.RECOVERED: "Recovered",
    NoticeEvent.TEST: "Test",
}
DELIVERY = {
    DeliveryState.WAITING: StatusStyle("Waiting", "info", "busy"),
    DeliveryState.SENT: StatusStyle("Sent", "ok"),
    DeliveryState.FAILED: StatusStyle("Given up", "bad"),
}
SEVERITY_CHOICE = {
    Severity.WARNING: "Everything that is degraded or unhealthy",
    Severity.CRITICAL: "Only what is critical (unhealthy)",
}
NOTICE_CHOICE = {
    NoticeChoice.OPENED: "breaks or gets worse",
    NoticeChoice.ACKNOWLEDGED: "is acknowledged",
    NoticeChoice.RECOVERED: "recovers",
}


def rule_words(rule: ChannelRule) -> str:
    """What a channel is told, in one line."""
    what = "Critical incidents" if rule.minimum_severity is Severity.CRITICAL else "All incidents"
    places = len(rule.gateways) + len(rule.deployments)
    where = f" of {count_of(places, 'place')}" if places else ""
    when = [NOTICE_CHOICE[event].partition(" or ")[0] for event in NoticeChoice if event in rule.events]
    told = "" if len(when) == len(NoticeChoice) else f", when it {' or '.join(when)}"
    quiet = rule.quiet_hours
    hours = f"; quiet {quiet.start}–{quiet.end} {quiet.time_zone}" if quiet else ""
    return f"{what}{where}{told}{hours}"
