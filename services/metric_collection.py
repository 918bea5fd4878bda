"""Brings what gateways counted into the database, each call once.

What was counted at the last look, and the rows that it was added to, are written in one transaction. So whichever
process ends at whichever moment, the next look adds exactly what came since.
"""

from collections.abc import Iterable
from functools import partial

from sqlalchemy import bindparam
from sqlmodel import Session, select, update

from models.base import now
from models.batches import CounterBatch
from models.deployment import Deployment
from models.gateway import Gateway
from models.metrics import Amounts, MetricCursor
from models.wire import RevisionCounters
from services.changes import Changes
from services.collection import GatewayRounds
from services.database import Database
from services.errors import StudioError
from services.gateways import GatewayDirectory
from services.metric_rows import Rows, SeriesKey, gateway_key
from services.rules.rollup import amounts_of, difference, total

QUIET_ROUNDS = 5  # a gateway without calls is asked less often: its counters wait for us, on its disk too


class MetricCollector(GatewayRounds):
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory) -> None:
        super().__init__("counters", database, gateways)
        self._changes = changes
        self._quiet: dict[str, int] = {}
        self.rounds = {"succeeded": 0, "failed": 0}
        self.calls = 0

    def is_due(self, gateway: Gateway) -> bool:
        left = self._quiet.get(gateway.id, 0)
        self._quiet[gateway.id] = max(0, left - 1)
        return not left

    async def collect(self, gateway: Gateway) -> int:
        try:
            calls = await self._collect(gateway)
        except StudioError:
            self.rounds["failed"] += 1
            raise
        self.rounds["succeeded"] += 1
        self.calls += calls
        return calls

    async def _collect(self, gateway: Gateway) -> int:
        cursor = await self._database.read(lambda session: session.get(MetricCursor, gateway.id))
        boot_id, position = (cursor.boot_id, cursor.cursor) if cursor else ("", 0)
        batch = await self._gateways.client(gateway).counters(boot_id, position)
        if (batch.boot_id, batch.position) == (boot_id, position):
            self._quiet[gateway.id] = QUIET_ROUNDS
            return 0
        changed = await self._database.write(partial(write_batch, gateway_id=gateway.id, batch=batch))
        self._quiet[gateway.id] = 0
        for deployment_id, delta in changed.items():
            if delta.requests:
                self._changes.deployment.send(deployment_id)
                self._changes.metrics.send(deployment_id)
        return sum(delta.requests for delta in changed.values())


def write_batch(session: Session, gateway_id: str, batch: CounterBatch) -> dict[str, Amounts]:
    """Add what the batch tells of that was not known. Returns what is new of each deployment."""
    here = set(session.exec(select(Deployment.id).where(Deployment.gateway_id == gateway_id)))
    present, news = now().timestamp(), {}
    looks = [(boot.boot_id, min(present, boot.ended_at.timestamp()), boot.revisions) for boot in batch.earlier]
    for boot_id, at, revisions in [*looks, (batch.boot_id, present, batch.revisions)]:
        counted = {key: amounts for key, amounts in _counted(revisions) if key.deployment_id in here}
        rows = Rows(session, gateway_id, counted)
        deltas = {key: difference(amounts, rows.counted(key, boot_id)) for key, amounts in counted.items()}
        deltas = {key: delta for key, delta in deltas.items() if delta.requests}
        if deltas:
            rows.remember(counted, boot_id)
            rows.add(deltas | {gateway_key(gateway_id): total(deltas.values())}, at)
        for key, delta in deltas.items():
            news[key.deployment_id] = total([news.get(key.deployment_id, Amounts()), delta])
    _add_to_deployments(session, news)
    session.merge(MetricCursor(source=gateway_id, boot_id=batch.boot_id, cursor=batch.position))
    return news


def _counted(revisions: Iterable[RevisionCounters]) -> Iterable[tuple[SeriesKey, Amounts]]:
    for revision in revisions:
        for channel in revision.channels:
            key = SeriesKey(revision.deployment_id, revision.revision, channel.channel.value)
            yield key, amounts_of(channel, revision.in_flight)


def _add_to_deployments(session: Session, news: dict[str, Amounts]) -> None:
    """``request_count`` and its like: totals for ever, whatever becomes of the rows."""
    if not news:
        return
    column = Deployment.__table__.c
    added = {
        "request_count": column.request_count + bindparam("requests"),
        "error_count": column.error_count + bindparam("failures"),
        "latency_ms_sum": column.latency_ms_sum + bindparam("ms"),
    }
    rows = [
        {"is_id": id_, "requests": delta.requests, "failures": delta.failures, "ms": delta.latency_us_sum / 1000}
        for id_, delta in news.items()
    ]
    session.connection().execute(
        update(Deployment.__table__).where(column.id == bindparam("is_id")).values(added), rows
    )
