"""Writes what gateways counted: each call once.

What was counted at the last look, and the rows that it was added to, are written in one transaction. So whichever
process ends at whichever moment, the next look adds exactly what came since.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlmodel import Session, select

from nexdeck.models.base import now
from nexdeck.models.batches import CounterBatch, Position
from nexdeck.models.deployment import Deployment
from nexdeck.models.metrics import Amounts, MetricCursor, Tier
from nexdeck.models.wire import RevisionCounters
from nexdeck.services.metrics.recent_traffic import Window, recent_traffic
from nexdeck.services.metrics.rows import WHOLE_GATEWAY, SeriesKey, add_to_tiers, not_merged_from
from nexdeck.services.metrics.series_cache import Account, Book, add_to_minutes, write_counts
from nexdeck.services.platform.upserts import Bulk, upsert
from nexdeck.services.rules.rollup import start_of, total


class Counted(NamedTuple):
    """What a gateway told that was asked for its counters after a position."""

    gateway_id: str
    asked: Position
    batch: CounterBatch


@dataclass(frozen=True)
class News:
    """``deltas``: what is new of each series. ``recalled``: the latest traffic before that, where nothing was known."""

    at: datetime
    deltas: list[tuple[SeriesKey, Amounts]]
    recalled: dict[tuple[str, int], Window] | None


def write_batches(session: Session, books: dict[str, Book], counted: Sequence[Counted]) -> dict[str, News]:
    """Add what each batch tells of that was not known, by gateway. ``books`` are brought up to date, or made."""
    counted = sorted(counted, key=itemgetter(0))  # another Nexdeck's transactions lock in the same order
    positions, news = positions_of(session, [of.gateway_id for of in counted], to_change=True), {}
    writing = _Writing(session, now(), not_merged_from(session))
    for gateway_id, asked, batch in counted:
        book, recalled = books.get(gateway_id), None
        if book is None or book.reached != positions[gateway_id]:
            book = books[gateway_id] = Book(gateway_id, positions[gateway_id])
            recalled = recent_traffic(session, gateway_id, writing.present)
        news[gateway_id] = News(writing.present, writing.take(book, asked, batch), recalled)
    moved = [books[id_] for id_ in news if books[id_].reached != positions[id_]]
    WRITE_CURSORS.run(session, [(book.gateway_id, *book.reached) for book in moved])
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

    def take(self, book: Book, asked: Position, batch: CounterBatch) -> list[tuple[SeriesKey, Amounts]]:
        known, present, news = book.reached, self.present.timestamp(), []
        if known.boot_id not in (asked.boot_id, batch.boot_id):
            return []  # of a boot that is over by now: what a later one told had all of it
        if known.boot_id == batch.boot_id and batch.position <= known.number:
            return []
        if known.boot_id == asked.boot_id and known.number < asked.number:
            return []  # the database was put back: what comes before is asked for again
        for boot in batch.earlier if known.boot_id != batch.boot_id else ():
            news += self._add(book, boot.boot_id, boot.revisions, min(present, boot.ended_at.timestamp()))
        news += self._add(book, batch.boot_id, batch.revisions, present)
        book.reached = batch.reached
        _add_to_deployments(self.session, news)
        return news

    def _add(
        self, book: Book, boot_id: str, revisions: Sequence[RevisionCounters], at: float
    ) -> list[tuple[SeriesKey, Amounts]]:
        """What a boot had counted by then. Returns what is new of it."""
        told = {
            SeriesKey(of["deployment_id"], of["revision"], channel["channel"].value): (channel, of.get("in_flight", 0))
            for of in revisions
            for channel in of["channels"]
        }
        if not told:
            return []
        accounts = book.accounts(self.session, [WHOLE_GATEWAY, *told], start_of(self.present.timestamp(), Tier.MINUTE))
        news = []
        for key, (channel, in_flight) in told.items():
            if account := accounts.get(key):
                delta = account.count(boot_id, channel, in_flight)
                if delta is not None:
                    news.append((account, delta))
        if news:
            write_counts(self.session, (account for account, _ in news))
            whole = accounts[WHOLE_GATEWAY], total(delta for _, delta in news)
            self._write_rows(book, [*news, whole], at)
        return [(account.key, delta) for account, delta in news]

    def _write_rows(self, book: Book, parts: Sequence[tuple[Account, Amounts]], at: float) -> None:
        start = start_of(at, Tier.MINUTE)
        if start < max(self.not_merged_from, *(account.start for account, _ in parts)):
            add_to_tiers(self.session, {account.series_id: delta for account, delta in parts}, at)
            book.close(account for account, _ in parts)
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
