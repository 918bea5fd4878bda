"""From settings to a Studio: the one place where services meet."""

from importlib.metadata import version

from nexdeck.app.retention import kept_in_words
from nexdeck.app.settings import Settings
from nexdeck.services.calls.replays import ReplayService
from nexdeck.services.calls.service import CallService
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.declared.service import DeclaredDeployments
from nexdeck.services.deployments.journal import Journal
from nexdeck.services.deployments.leases import Leases
from nexdeck.services.deployments.retention import History
from nexdeck.services.gateways.connections import Around, GatewayConnections
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.local import LocalGateways
from nexdeck.services.health.incidents import IncidentService
from nexdeck.services.health.maintenance import MaintenanceService
from nexdeck.services.health.retention import HealthRetention
from nexdeck.services.health.service import HealthService
from nexdeck.services.health.synthetic import SampleCalls
from nexdeck.services.health.views import HealthViews
from nexdeck.services.keys.delivery import KeyDelivery
from nexdeck.services.keys.service import DeploymentKeys
from nexdeck.services.logs.service import LogService
from nexdeck.services.metrics.collector import MetricCollector
from nexdeck.services.metrics.prometheus import PrometheusService
from nexdeck.services.metrics.service import MetricsService
from nexdeck.services.notifications.channels import NotificationChannels
from nexdeck.services.notifications.guard import SETTING as NOTIFY_NETWORKS
from nexdeck.services.notifications.outbox import NotificationOutbox
from nexdeck.services.notifications.sending import Sender
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.installation import installation_id
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.platform.table_sizes import StorageService
from nexdeck.services.rollout.canary import Canaries
from nexdeck.services.rollout.executor import OperationExecutor
from nexdeck.services.rollout.orphans import Orphans
from nexdeck.services.rollout.proof import Prover
from nexdeck.services.rollout.reconciler import Reconciler
from nexdeck.services.rollout.revisions import RevisionDiffs
from nexdeck.services.rollout.scratch_revisions import ScratchRevisions
from nexdeck.services.rollout.service import NexusDeploymentService
from nexdeck.services.rollout.steps import Rollout
from nexdeck.services.rules.addresses import parse_networks
from nexdeck.services.status_page.service import StatusPages
from nexdeck.services.studio import Studio


def build_studio(settings: Settings, around: Around | None = None) -> Studio:
    """All services on the data folder, which is made if need be; the database is migrated. Nothing runs yet.

    ``around``: what is put around each transport to a gateway, to trace what goes through it.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.sqlalchemy_url)
    database.migrate()
    changes = Changes()
    networks = parse_networks(settings.gateway_allowed_networks)
    connections = GatewayConnections(installation_id(settings.data_dir / "installation.id"), networks, around)
    secrets = SecretVault(database, settings.data_dir / "secret.key")
    gateways = GatewayDirectory(database, changes, secrets, connections, networks)
    agents = AgentCatalog(database, changes)
    journal = Journal(database, changes, connections.installation)
    keys = KeyDelivery(database, gateways)
    counters = MetricCollector(database, changes, gateways)
    metrics = MetricsService(database, counters)
    storage = StorageService(database, kept_in_words(settings))
    canaries = Canaries(database, metrics)
    rollout = Rollout(database, journal, secrets, gateways, keys, Prover(settings.url), canaries, settings.url)
    health = HealthService(database, changes, gateways, counters, interval_seconds=settings.sweep_seconds)
    scratch_revisions = ScratchRevisions()
    leases = Leases(database, connections.installation)
    executor = OperationExecutor(database, journal, leases, rollout, health, scratch_revisions)
    local_gateways = LocalGateways(
        database,
        secrets,
        gateways,
        settings.data_dir / "gateways",
        settings.gateway_port,
        settings.llm_allowed_hosts,
        settings.otlp_endpoint,
        settings.llm_prices,
    )
    deployments = NexusDeploymentService(
        database, changes, agents, gateways, secrets, health, executor, local_gateways, settings.url
    )
    reconciler = Reconciler(database, gateways, counters, health, keys, executor, scratch_revisions)
    calls = CallService(database, changes, gateways, days=settings.request_days, calls=settings.request_count)
    sender = Sender(parse_networks(settings.notify_allowed_networks, NOTIFY_NETWORKS))
    channels = NotificationChannels(database, changes, secrets, sender, settings.url)
    return Studio(
        database=database,
        changes=changes,
        connections=connections,
        secrets=secrets,
        agents=agents,
        gateways=gateways,
        local_gateways=local_gateways,
        deployments=deployments,
        keys=DeploymentKeys(database, changes, keys),
        revisions=RevisionDiffs(database, agents),
        canaries=canaries,
        declared=DeclaredDeployments(database, deployments, secrets),
        executor=executor,
        reconciler=reconciler,
        orphans=Orphans(database, secrets, gateways, reconciler, executor, settings.url),
        health=health,
        calls=calls,
        replays=ReplayService(database, agents, calls, secrets, gateways, scratch_revisions),
        sample_calls=SampleCalls(database, gateways, health.recorder),
        metrics=metrics,
        storage=storage,
        prometheus=PrometheusService(database, metrics, storage, version("nexdeck")),
        health_views=HealthViews(database),
        health_retention=HealthRetention(database),
        incidents=IncidentService(database, changes),
        maintenance=MaintenanceService(database, changes),
        history=History(database, days=settings.history_days, operations=settings.history_operations),
        notification_channels=channels,
        status_pages=StatusPages(database, changes),
        outbox=NotificationOutbox(database, changes, channels, sender, settings.url),
        logs=LogService(database, changes, gateways, days=settings.log_days, lines=settings.log_lines),
    )
