"""``/metrics`` of the control plane in Prometheus's text format: numbers of things, never one series for each call."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlmodel import Session, func, select

from nexdeck.models.actor import Actor
from nexdeck.models.deployment import Deployment, Operation, OperationKind, OperationStatus
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.health import Incident, Severity
from nexdeck.services.metrics.service import MetricsService
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.table_sizes import StorageService, TableSize

MEDIA_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True)
class _Facts:
    """(labels …, number) each."""

    deployments: list[tuple[str, str, int]]
    gateways: list[tuple[str, str, bool]]
    operations: list[tuple[str, int]]
    incidents: list[tuple[str, int]]


class PrometheusService:
    def __init__(self, database: Database, metrics: MetricsService, storage: StorageService, version: str) -> None:
        self._database = database
        self._metrics = metrics
        self._storage = storage
        self._version = version

    async def exposition(self, *, actor: Actor) -> bytes:
        facts = await self._database.read(_read)
        tables = await self._storage.tables(actor=actor)
        registry = CollectorRegistry()
        registry.register(_Facade(list(self._families(facts, tables))))
        return generate_latest(registry)

    def _families(self, facts: _Facts, tables: list[TableSize]) -> Iterator[Metric]:
        yield _gauge("nexdeck_info", "Always 1; the label tells the version", ["version"], [(self._version, 1)])
        yield _gauge(
            "nexdeck_deployments",
            "Deployments that are there, by status and health",
            ["status", "health"],
            facts.deployments,
        )
        yield _gauge(
            "nexdeck_gateway_up", "Whether the last look reached the gateway", ["gateway", "kind"], facts.gateways
        )
        yield _gauge("nexdeck_operations_active", "Operations under way", ["kind"], facts.operations)
        yield _gauge("nexdeck_incidents_open", "Incidents that are not over", ["severity"], facts.incidents)
        sizes = [(table.name, table.rows) for table in tables]
        yield _gauge("nexdeck_table_rows", "Rows of the database's tables", ["table"], sizes)
        sizes = [(table.name, table.bytes) for table in tables]
        yield _gauge("nexdeck_table_size_bytes", "Size of the database's tables", ["table"], sizes)
        rounds = CounterMetricFamily("nexdeck_collections", "Looks at the counters of gateways", labels=["outcome"])
        for outcome, count in self._metrics.collections.items():
            rounds.add_metric([outcome], count)
        yield rounds
        yield CounterMetricFamily("nexdeck_calls_collected", "Calls that were counted", value=self._metrics.calls)


class _Facade(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _gauge(name: str, help_: str, labels: list[str], rows: Iterable[tuple[Any, ...]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_, labels=labels)
    for *values, number in rows:
        family.add_metric([str(value) for value in values], number)
    return family


def _read(session: Session) -> _Facts:
    by_state = (
        select(Deployment.status, Deployment.health_status, func.count())
        .where(Deployment.undeployed_at.is_(None))
        .group_by(Deployment.status, Deployment.health_status)
    )
    gateways = select(Gateway.name, Gateway.kind, Gateway.status == GatewayStatus.ONLINE).where(
        Gateway.status != GatewayStatus.REMOVED
    )
    active = select(Operation.kind, func.count()).where(Operation.status == OperationStatus.RUNNING)
    incidents = select(Incident.severity, func.count()).where(Incident.closed_at.is_(None)).group_by(Incident.severity)
    return _Facts(
        deployments=list(session.exec(by_state)),
        gateways=list(session.exec(gateways.order_by(Gateway.name))),
        operations=_of_each(OperationKind, session.exec(active.group_by(Operation.kind))),
        incidents=_of_each(Severity, session.exec(incidents)),
    )


def _of_each(kinds: type[StrEnum], found: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those that there are none of too: a graph of them is a line at 0 rather than a gap."""
    counts = {kind: number for kind, number in found}
    return [(kind, counts.get(kind, 0)) for kind in kinds]
