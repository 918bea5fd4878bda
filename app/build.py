"""From settings to a Studio: the one place where services meet."""

from importlib.metadata import version

from app.retention import kept_in_words
from app.settings import Settings
from services.agents import AgentCatalog
from services.apply import DeclaredDeployments
from services.calls import CallService
from services.canary import Canaries
from services.changes import Changes
from services.convergence import Convergence
from services.database import Database
from services.deployments import NexusDeploymentService
from services.gateway_connections import Around, GatewayConnections
from services.gateways import GatewayDirectory
from services.guests import Guests
from services.health import HealthService
from services.health_retention import HealthRetention
from services.health_views import HealthViews
from services.history import History
from services.incidents import IncidentService
from services.installation import installation_id
from services.key_delivery import KeyDelivery
from services.leases import Leases
from services.local_gateway import LocalGateways
from services.logs import LogService
from services.maintenance import MaintenanceService
from services.metric_collection import MetricCollector
from services.metrics import MetricsService
from services.notifications.channels import NotificationChannels
from services.notifications.guard import SETTING as NOTIFY_NETWORKS
from services.notifications.outbox import NotificationOutbox
from services.notifications.sending import Sender
from services.operations import Journal
from services.prometheus import PrometheusService
from services.proof import Prover
from services.reconciler import Reconciler
from services.replays import ReplayService
from services.rollout import Rollout
from services.rules.addresses import parse_networks
from services.sample_calls import SampleCalls
from services.secrets import SecretVault
from services.status_page import StatusPages
from services.storage import StorageService
from services.strangers import Strangers
from services.studio import Studio


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
    guests = Guests()
    leases = Leases(database, connections.installation)
    convergence = Convergence(database, journal, leases, rollout, health, guests)
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
        database, changes, agents, gateways, secrets, keys, health, convergence, local_gateways, settings.url
    )
    reconciler = Reconciler(database, gateways, counters, health, keys, convergence, guests)
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
        canaries=canaries,
        declared=DeclaredDeployments(database, deployments, secrets),
        convergence=convergence,
        reconciler=reconciler,
        strangers=Strangers(database, secrets, gateways, reconciler, convergence, settings.url),
        health=health,
        calls=calls,
        replays=ReplayService(database, agents, calls, secrets, gateways, guests),
        sample_calls=SampleCalls(database, gateways, health.ledger),
        metrics=metrics,
        storage=storage,
        prometheus=PrometheusService(database, metrics, storage, version("nexdeck")),
        health_views=HealthViews(database),
        health_retention=HealthRetention(database),
        incidents=IncidentService(database, changes),
        maintenance=MaintenanceService(database, changes),
        history=History(database, days=settings.history_days, operations=settings.history_operations),
        channels=channels,
        status_pages=StatusPages(database, changes),
        outbox=NotificationOutbox(database, changes, channels, sender, settings.url),
        logs=LogService(database, changes, gateways, days=settings.log_days, lines=settings.log_lines),
    )
