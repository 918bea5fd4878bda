"""Brings what gateways counted into the database, each call once.

What was counted at the last look, and the rows that it was added to, are written in one transaction. So whichever
process ends at whichever moment, the next look adds exactly what came since.
"""

from collections.abc import Iterable
from operator import itemgetter

from sqlalchemy import bindparam
from sqlmodel import Session, insert, select, update

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
from services.gathering import Gathering
from services.metric_rows import Rows, SeriesKey, gateway_key
from services.rules.rollup import amounts_of, difference, total

Counted = tuple[str, CounterBatch]  # the gateway's id, and what it told
GATHERED_SECONDS = 0.05


class MetricCollector(GatewayRounds):
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory) -> None:
        super().__init__("counters", database, gateways)
        self._changes = changes
        self._cursors: Gathering[str, tuple[str, int]] = Gathering(self._read_cursors, 0.0)
        self._batches: Gathering[Counted, dict[str, Amounts]] = Gathering(self._write_batches, GATHERED_SECONDS)
        self.rounds = {"succeeded": 0, "failed": 0}
        self.calls = 0

    async def close(self) -> None:
        await super().close()
        await self._batches.close()

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
        boot_id, position = await self._cursors.add(gateway.id, gateway.id)
        batch = await self._gateways.client(gateway).counters(boot_id, position)
        if (batch.boot_id, batch.position) == (boot_id, position):
            self.note_quiet(gateway)
            return 0
        changed = await self._batches.add(gateway.id, (gateway.id, batch))
        for deployment_id, delta in changed.items():
            if delta.requests:
                self._changes.deployment.send(deployment_id)
                self._changes.metrics.send(deployment_id)
        return sum(delta.requests for delta in changed.values())

    async def _read_cursors(self, gateway_ids: list[str]) -> list[tuple[str, int]]:
        known = await self._database.read(lambda session: cursors_of(session, gateway_ids))
        return [known.get(gateway_id, ("", 0)) for gateway_id in gateway_ids]

    async def _write_batches(self, counted: list[Counted]) -> list[dict[str, Amounts]]:
        news = await self._database.write(lambda session: write_batches(session, sorted(counted, key=itemgetter(0))))
        return [news[gateway_id] for gateway_id, _ in counted]


def write_batches(session: Session, counted: list[Counted]) -> dict[str, dict[str, Amounts]]:
    """Add what each batch tells of that was not known. Returns what is new: gateway → deployment → amounts."""
    news = {gateway_id: _write_batch(session, gateway_id, batch) for gateway_id, batch in counted}
    known, column = cursors_of(session, list(news)), MetricCursor.__table__.c
    rows = [{"of": id_, "new_boot_id": batch.boot_id, "new_cursor": batch.position} for id_, batch in counted]
    values = {name: bindparam(f"new_{name}") for name in ("boot_id", "cursor")}
    if old := [row for row in rows if row["of"] in known]:
        session.connection().execute(
            update(MetricCursor.__table__).where(column.source == bindparam("of")).values(values), old
        )
    if new := [row for row in rows if row["of"] not in known]:
        session.connection().execute(insert(MetricCursor.__table__).values(values | {"source": bindparam("of")}), new)
    return news


def cursors_of(session: Session, gateway_ids: list[str]) -> dict[str, tuple[str, int]]:
    """Gateway → the boot and the position that it was collected up to."""
    columns = MetricCursor.source, MetricCursor.boot_id, MetricCursor.cursor
    found = session.execute(select(*columns).where(MetricCursor.source.in_(gateway_ids)))
    return {source: (boot_id, cursor) for source, boot_id, cursor in found}


def _write_batch(session: Session, gateway_id: str, batch: CounterBatch) -> dict[str, Amounts]:
    if not batch.revisions and not any(boot.revisions for boot in batch.earlier):
        return {}
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
