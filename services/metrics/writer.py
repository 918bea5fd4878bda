"""Writes what gateways counted: each call once.

What was counted at the last probe, and the rows that it was added to, are written in one transaction. So whichever
process ends at whichever moment, the next probe adds exactly what came since.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlmodel import Session, select

from nexdeck.models.base import now
from nexdeck.models.counters import RevisionCounters
from nexdeck.models.deployment import Deployment
from nexdeck.models.metrics import Amounts, MetricCursor, Tier
from nexdeck.models.telemetry import CounterBatch, Position
from nexdeck.services.metrics.recent_traffic import TrafficWindow, recent_traffic
from nexdeck.services.metrics.rows import WHOLE_GATEWAY, SeriesKey, add_to_tiers, not_merged_from
from nexdeck.services.metrics.series_cache import Account, GatewaySeries, add_to_minutes, write_counts
from nexdeck.services.platform.upserts import Bulk, upsert
from nexdeck.services.rules.rollup import start_of, total


class Counted(NamedTuple):
    """What a gateway told that was asked for its counters after a position."""

    gateway_id: str
    asked: Position
    batch: CounterBatch


@dataclass(frozen=True)
class WrittenMetrics:
    """``deltas``: what is new of each series. ``recalled``: the latest traffic before that, where nothing was known."""

    at: datetime
    deltas: list[tuple[SeriesKey, Amounts]]
    recalled: dict[tuple[str, int], TrafficWindow] | None


def write_batches(
    session: Session, series_caches: dict[str, GatewaySeries], counted: Sequence[Counted]
) -> dict[str, WrittenMetrics]:
    """Add what each batch tells of that was not known, by gateway, and bring ``series_caches`` up to date with it."""
    counted = sorted(counted, key=itemgetter(0))  # another Nexdeck's transactions lock in the same order
    positions, news = positions_of(session, [of.gateway_id for of in counted], to_change=True), {}
    writing = _Writing(session, now(), not_merged_from(session))
    for gateway_id, asked, batch in counted:
        cached_series, recalled = series_caches.get(gateway_id), None
        if cached_series is None or cached_series.reached != positions[gateway_id]:
            cached_series = series_caches[gateway_id] = GatewaySeries(gateway_id, positions[gateway_id])
            recalled = recent_traffic(session, gateway_id, writing.present)
        news[gateway_id] = WrittenMetrics(writing.present, writing.take(cached_series, asked, batch), recalled)
    moved = [series_caches[id_] for id_ in news if series_caches[id_].reached != positions[id_]]
    WRITE_CURSORS.run(session, [(cached_series.gateway_id, *cached_series.reached) for cached_series in moved])
    return news


def positions_of(session: Session, gateway_ids: list[str], *, to_change: bool = False) -> defaultdict[str, Position]:
    """Up to where each was collected."""
    cursors = select(MetricCursor.source, MetricCursor.boot_id, MetricCursor.cursor).where(
        MetricCursor.source.in_(gateway_ids)
    )
    if to_change:
        cursors = cursors.order_by(MetricCursor.source).with_for_update()
    found = {source: Position(boot_id, number) for source, boot_id, number in session.execute(cursors)}
    return defaultdict(Position, found)


@dataclass(frozen=True)
class _Writing:
    """One transaction. ``not_merged_from``: the first minute that has not been added to its quarter of an hour."""

    session: Session
    present: datetime
    not_merged_from: int

    def take(
        self, cached_series: GatewaySeries, asked: Position, batch: CounterBatch
    ) -> list[tuple[SeriesKey, Amounts]]:
        known, present, news = cached_series.reached, self.present.timestamp(), []
        if known.boot_id not in (asked.boot_id, batch.boot_id):
            return []  # of a boot that is over by now: what a later one told had all of it
        if known.boot_id == batch.boot_id and batch.position <= known.number:
            return []
        if known.boot_id == asked.boot_id and known.number < asked.number:
            return []  # the database was put back: what comes before is asked for again
        for boot in batch.earlier if known.boot_id != batch.boot_id else ():
            news += self._add(cached_series, boot.boot_id, boot.revisions, min(present, boot.ended_at.timestamp()))
        news += self._add(cached_series, batch.boot_id, batch.revisions, present)
        cached_series.reached = batch.reached
        _add_to_deployments(self.session, news)
        return news

    def _add(
        self, cached_series: GatewaySeries, boot_id: str, revisions: Sequence[RevisionCounters], at: float
    ) -> list[tuple[SeriesKey, Amounts]]:
        """What a boot had counted by then. Returns what is new of it."""
        told = {
            SeriesKey(of["deployment_id"], of["revision"], channel["channel"].value): (channel, of.get("in_flight", 0))
            for of in revisions
            for channel in of["channels"]
        }
        if not told:
            return []
        accounts = cached_series.accounts(
            self.session, [WHOLE_GATEWAY, *told], start_of(self.present.timestamp(), Tier.MINUTE)
        )
        news = []
        for key, (channel, in_flight) in told.items():
            if account := accounts.get(key):
                delta = account.count(boot_id, channel, in_flight)
                if delta is not None:
                    news.append((account, delta))
        if news:
            write_counts(self.session, (account for account, _ in news))
            whole = accounts[WHOLE_GATEWAY], total(delta for _, delta in news)
            self._write_rows(cached_series, [*news, whole], at)
        return [(account.key, delta) for account, delta in news]

    def _write_rows(self, cached_series: GatewaySeries, parts: Sequence[tuple[Account, Amounts]], at: float) -> None:
        start = start_of(at, Tier.MINUTE)
        if start < max(self.not_merged_from, *(account.start for account, _ in parts)):
            add_to_tiers(self.session, {account.series_id: delta for account, delta in parts}, at)
            cached_series.close(account for account, _ in parts)
        else:
            add_to_minutes(self.session, parts, start)


def _add_to_deployments(session: Session, news: Iterable[tuple[SeriesKey, Amounts]]) -> None:
    """``request_count`` and its like: totals for ever, whatever becomes of the rows."""
    rows = [(d.requests, d.failures, d.latency_us_sum / 1000, key.deployment_id) for key, d in news]
    ADD_TO_DEPLOYMENTS.run(session, rows)


WRITE_CURSORS = upsert(MetricCursor.__table__, ("source", "boot_id", "cursor"))
ADD_TO_DEPLOYMENTS = Bulk(
    f"UPDATE {Deployment.__tablename__} SET request_count = request_count + :requests, "
    "error_count = error_count + :errors, latency_ms_sum = latency_ms_sum + :ms WHERE id = :id",
    ("requests", "errors", "ms", "id"),
)
