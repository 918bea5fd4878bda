"""The table of contents: every service by name. Pages, REST routes and jobs get this and nothing else."""

from dataclasses import dataclass

from nexdeck.services.calls.replays import ReplayService
from nexdeck.services.calls.service import CallService
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.declared.service import DeclaredDeployments
from nexdeck.services.deployments.retention import History
from nexdeck.services.gateways.connections import GatewayConnections
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.local import LocalGateways
from nexdeck.services.health.incidents import IncidentService
from nexdeck.services.health.maintenance import MaintenanceService
from nexdeck.services.health.retention import HealthRetention
from nexdeck.services.health.service import HealthService
from nexdeck.services.health.synthetic import SampleCalls
from nexdeck.services.health.views import HealthViews
from nexdeck.services.keys.service import DeploymentKeys
from nexdeck.services.logs.service import LogService
from nexdeck.services.metrics.prometheus import PrometheusService
from nexdeck.services.metrics.service import MetricsService
from nexdeck.services.notifications.channels import NotificationChannels
from nexdeck.services.notifications.outbox import NotificationOutbox
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.platform.table_sizes import StorageService
from nexdeck.services.rollout.canary import Canaries
from nexdeck.services.rollout.executor import OperationExecutor
from nexdeck.services.rollout.orphans import Orphans
from nexdeck.services.rollout.reconciler import Reconciler
from nexdeck.services.rollout.revisions import RevisionDiffs
from nexdeck.services.rollout.service import NexusDeploymentService
from nexdeck.services.status_page.service import StatusPages


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
    keys: DeploymentKeys
    revisions: RevisionDiffs
    canaries: Canaries
    declared: DeclaredDeployments
    executor: OperationExecutor
    reconciler: Reconciler
    orphans: Orphans
    health: HealthService
    sample_calls: SampleCalls
    health_views: HealthViews
    health_retention: HealthRetention
    incidents: IncidentService
    maintenance: MaintenanceService
    notification_channels: NotificationChannels
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
        await self.executor.resume()

    async def stop(self) -> None:
        """Let go of everything, in the order in which it depends on each other; no process of ours is left."""
        await self.replays.close()
        await self.reconciler.close()
        await self.executor.close()
        await self.outbox.close()
        await self.logs.close()
        await self.calls.close()
        await self.metrics.close()
        await self.local_gateways.stop()
        await self.connections.close()
        self.database.close()
