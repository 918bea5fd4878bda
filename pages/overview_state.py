"""What the overview and the health board are made of, read at once."""

from dataclasses import dataclass
from datetime import datetime

from nexdeck.models.deployment import DeploymentStatus
from nexdeck.models.gateway import GatewayStatus
from nexdeck.models.health import Incident
from nexdeck.pages.identity import me
from nexdeck.pages.words import StatusStyle, gateway_style, incident_style, status_style
from nexdeck.services.deployments.views import DeploymentCounts, DeploymentQuery, DeploymentSummary
from nexdeck.services.gateways.rows import GatewaySummary
from nexdeck.services.health.incidents import IncidentQuery
from nexdeck.services.studio import Studio

RECENT = 6
WORST = 8  # of each sort of problem


@dataclass(frozen=True)
class OverviewProblem:
    """``since``: when it was last known to be well, or when it changed; None when nobody knows."""

    name: str
    url: str
    look: StatusStyle
    reason: str
    since: datetime | None

    @property
    def tone(self) -> str:
        return self.look.tone


@dataclass(frozen=True)
class OverviewState:
    counts: DeploymentCounts
    gateways: list[GatewaySummary]
    recent: list[DeploymentSummary]
    problems: list[OverviewProblem]
    problem_count: int
    agents: int

    @property
    def is_fresh(self) -> bool:
        return self.counts.total == 0


async def read_overview(studio: Studio) -> OverviewState:
    gateways, counts = await studio.gateways.list(actor=me()), await studio.deployments.counts(actor=me())
    return OverviewState(
        counts=counts,
        gateways=gateways,
        recent=(await studio.deployments.list(DeploymentQuery(limit=RECENT), actor=me())).items,
        problems=await find_problems(studio, gateways),
        problem_count=await count_problems(studio, counts, gateways),
        agents=(await studio.agents.list(limit=1, actor=me())).total,
    )


async def find_problems(studio: Studio, gateways: list[GatewaySummary]) -> list[OverviewProblem]:
    """Incidents, then gateways that did not answer the last look, then what failed to get live."""
    incidents = await studio.incidents.list(IncidentQuery(open=True, limit=WORST), actor=me())
    failed = await studio.deployments.list(DeploymentQuery(status=DeploymentStatus.FAILED, limit=WORST), actor=me())
    silent = silent_gateways(gateways, await studio.incidents.open_causes(actor=me()))
    return [
        *(_of_incident(summary.incident) for summary in incidents.items),
        *(_of_gateway(summary) for summary in silent),
        *(_of_deployment(summary) for summary in failed.items),
    ]


async def count_problems(studio: Studio, counts: DeploymentCounts, gateways: list[GatewaySummary]) -> int:
    """How many ``find_problems`` would find, were there no limit."""
    open_causes = await studio.incidents.open_causes(actor=me())
    return len(open_causes) + counts.failed + len(silent_gateways(gateways, open_causes))


def silent_gateways(gateways: list[GatewaySummary], open_causes: set[str]) -> list[GatewaySummary]:
    """Those that are offline and have no incident yet, or none because of maintenance."""
    offline = (s for s in gateways if s.gateway.status is GatewayStatus.OFFLINE)
    return [summary for summary in offline if summary.gateway.id not in open_causes]


def _of_incident(incident: Incident) -> OverviewProblem:
    look = incident_style(incident)
    return OverviewProblem(incident.title, f"/incidents/{incident.id}", look, incident.reason, incident.opened_at)


def _of_gateway(summary: GatewaySummary) -> OverviewProblem:
    gateway = summary.gateway
    reason = gateway.status_reason or "It does not answer."
    return OverviewProblem(f"Gateway {gateway.name}", "/gateways", gateway_style(gateway), reason, gateway.last_seen_at)


def _of_deployment(summary: DeploymentSummary) -> OverviewProblem:
    deployment = summary.deployment
    reason = deployment.error_message or "No reason is known."
    url = f"/deployments/{deployment.id}"
    return OverviewProblem(deployment.name, url, status_style(deployment, None), reason, deployment.updated_at)
