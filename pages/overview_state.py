"""What the overview and the health board are made of, read at once."""

from dataclasses import dataclass
from datetime import datetime

from models.deployment import DeploymentStatus, HealthState
from models.gateway import GatewayStatus
from pages.words import Look, gateway_look, health_look, status_look
from services.deployment_views import DeploymentCounts, DeploymentQuery, DeploymentSummary
from services.gateway_rows import GatewaySummary
from services.studio import Studio

RECENT = 6
WORST = 8  # of each sort of problem


@dataclass(frozen=True)
class Problem:
    """``since``: when it was last known to be well, or when it changed; None when nobody knows."""

    name: str
    url: str
    look: Look
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
    problems: list[Problem]
    agents: int

    @property
    def is_fresh(self) -> bool:
        return self.counts.total == 0


async def read_overview(studio: Studio) -> OverviewState:
    gateways = await studio.gateways.list()
    return OverviewState(
        counts=await studio.deployments.counts(),
        gateways=gateways,
        recent=(await studio.deployments.list(DeploymentQuery(limit=RECENT))).items,
        problems=await find_problems(studio, gateways),
        agents=(await studio.agents.list(limit=1)).total,
    )


async def find_problems(studio: Studio, gateways: list[GatewaySummary]) -> list[Problem]:
    """Gateways first: what runs on one that is gone is unhealthy for that reason alone."""
    problems = [_of_gateway(s) for s in gateways if s.gateway.status is GatewayStatus.OFFLINE]
    offline = {s.gateway.name for s in gateways if s.gateway.status is GatewayStatus.OFFLINE}
    for query in (
        DeploymentQuery(status=DeploymentStatus.FAILED, limit=WORST),
        DeploymentQuery(status=DeploymentStatus.RUNNING, health=HealthState.UNHEALTHY, limit=WORST),
        DeploymentQuery(status=DeploymentStatus.RUNNING, health=HealthState.DEGRADED, limit=WORST),
    ):
        page = await studio.deployments.list(query)
        problems += [_of_deployment(s) for s in page.items if query.health is None or s.gateway_name not in offline]
    return problems


def _of_gateway(summary: GatewaySummary) -> Problem:
    gateway = summary.gateway
    reason = gateway.status_reason or "It does not answer."
    return Problem(f"Gateway {gateway.name}", "/gateways", gateway_look(gateway), reason, gateway.last_seen_at)


def _of_deployment(summary: DeploymentSummary) -> Problem:
    deployment = summary.deployment
    failed = deployment.status is DeploymentStatus.FAILED
    return Problem(
        deployment.name,
        f"/deployments/{deployment.id}",
        status_look(deployment, None) if failed else health_look(deployment),
        (deployment.error_message if failed else deployment.health_reason) or "No reason is known.",
        deployment.updated_at,
    )
