"""The table of contents: every service by name. Pages, REST routes and jobs get this and nothing else."""

from dataclasses import dataclass

from services.agents import AgentCatalog
from services.apply import DeclaredDeployments
from services.calls import CallService
from services.canary import Canaries
from services.changes import Changes
from services.convergence import Convergence
from services.database import Database
from services.deployments import NexusDeploymentService
from services.gateway_connections import GatewayConnections
from services.gateways import GatewayDirectory
from services.health import HealthService
from services.health_retention import HealthRetention
from services.health_views import HealthViews
from services.history import History
from services.incidents import IncidentService
from services.local_gateway import LocalGateways
from services.logs import LogService
from services.maintenance import MaintenanceService
from services.metrics import MetricsService
from services.notifications.channels import NotificationChannels
from services.notifications.outbox import NotificationOutbox
from services.prometheus import PrometheusService
from services.reconciler import Reconciler
from services.replays import ReplayService
from services.sample_calls import SampleCalls
from services.secrets import SecretVault
from services.status_page import StatusPages
from services.storage import StorageService
from services.strangers import Strangers


@dataclass(frozen=True)
class Studio:
    database: Database
    changes: Changes
    connections: GatewayConnections
    secrets: SecretVault
    agents: AgentCatalog
    gateways: GatewayDirectory
    local_gateways: LocalGateways
    deployments: NexusDeploymentService
    canaries: Canaries
    declared: DeclaredDeployments
    convergence: Convergence
    reconciler: Reconciler
    strangers: Strangers
    health: HealthService
    sample_calls: SampleCalls
    health_views: HealthViews
    health_retention: HealthRetention
    incidents: IncidentService
    maintenance: MaintenanceService
    channels: NotificationChannels
    outbox: NotificationOutbox
    status_pages: StatusPages
    logs: LogService
    calls: CallService
    metrics: MetricsService
    storage: StorageService
    prometheus: PrometheusService
    replays: ReplayService
    history: History

    async def start(self) -> None:
        """Begin to run: gateways come up, and what was under way goes on. Returns at once."""
        await self.health.lapse()
        await self.local_gateways.start()
        await self.convergence.resume()

    async def stop(self) -> None:
        """Let go of everything, in the order in which it depends on each other; no process of ours is left."""
        await self.replays.close()
        await self.reconciler.close()
        await self.convergence.close()
        await self.outbox.close()
        await self.logs.close()
        await self.calls.close()
        await self.metrics.close()
        await self.local_gateways.stop()
        await self.connections.close()
        self.database.close()
