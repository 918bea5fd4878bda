"""The table of contents: every service by name. Pages, REST routes and jobs get this and nothing else."""

from dataclasses import dataclass

from services.agents import AgentCatalog
from services.changes import Changes
from services.database import Database
from services.deployments import NexusDeploymentService
from services.gateways import GatewayDirectory
from services.health import HealthService
from services.local_gateway import LocalGateways
from services.secrets import SecretVault


@dataclass(frozen=True)
class Studio:
    database: Database
    changes: Changes
    secrets: SecretVault
    agents: AgentCatalog
    gateways: GatewayDirectory
    local_gateways: LocalGateways
    deployments: NexusDeploymentService
    health: HealthService
