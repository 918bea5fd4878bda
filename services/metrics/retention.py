"""Keeps metrics small: rows of a finished quarter, hour or day become one, and old rows go. A little at a time."""

from collections import defaultdict
from functools import partial

from sqlalchemy import ColumnElement, delete
from sqlmodel import Session, exists, select

from nexdeck.models.base import now
from nexdeck.models.metrics import Amounts, MetricCount, MetricSeries, Tier
from nexdeck.services.metrics.rows import MERGED, add_to_tier, merges_of
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.rollup import COLUMNS, mergeable_until, start_of, total_of_rows

CHUNK = 50  # series in one transaction


class MetricRetention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def merge_upward(self) -> None:
        """Add the rows of every quarter of an hour, hour and day that is over to the tier above."""
        for tier in MERGED:
            while await self._database.write(partial(merge_some, tier=tier, at=now().timestamp())):
                pass

    async def prune(self) -> int:
        """Remove rows that are older than their tier keeps, and series of which nothing is left: returns how many."""
        last, removed = 0, 0
        while last is not None:
            last, gone = await self._database.write(partial(prune_some, after=last, at=now().timestamp()))
            removed += gone
        return removed


def merge_some(session: Session, tier: Tier, at: float) -> bool:
    """Merge one unit of the tier above, of a chunk of series. Returns whether there may be more to merge."""
    merges, unit = merges_of(session, to_change=True), tier.above.seconds
    merged, complete = merges[tier], merges[tier.below].until if tier.below else mergeable_until(at, tier)
    if merged.until + unit > complete:
        return False
    session.add(merged)
    if not merged.series_id:
        first = _first_start(session, tier, merged.until, complete)
        merged.until = max(merged.until, start_of(first, tier.above))  # where nothing is, there is nothing to do
    begin, end = merged.until, merged.until + unit
    if end > complete:
        return False
    chunk = _next_series(session, merged.series_id, _has_rows(tier, begin, end))
    add_to_tier(session, tier.above, begin, _sums(session, tier, chunk, begin, end))
    merged.until, merged.series_id = (begin, chunk[-1]) if len(chunk) == CHUNK else (end, 0)
    return True


def _first_start(session: Session, tier: Tier, since: int, before: int) -> int:
    """Of the tier's rows in that time, or else its end."""
    column = tier.table.__table__.c
    of_series = select(column.start).where(
        column.series_id == MetricSeries.id, column.start >= since, column.start < before
    )
    first = of_series.order_by(column.start).limit(1).scalar_subquery()
    starts = session.execute(select(first).select_from(MetricSeries).where(first.is_not(None))).scalars()
    return min(starts, default=before)


def _has_rows(tier: Tier, begin: int, end: int) -> ColumnElement[bool]:
    table = tier.table
    return exists().where(table.series_id == MetricSeries.id, table.start >= begin, table.start < end)


def _next_series(session: Session, after: int, *conditions: ColumnElement[bool]) -> list[int]:
    following = select(MetricSeries.id).where(MetricSeries.id > after, *conditions).order_by(MetricSeries.id)
    return list(session.exec(following.limit(CHUNK)))


def _sums(session: Session, tier: Tier, series_ids: list[int], begin: int, end: int) -> dict[int, Amounts]:
    column, by_series = tier.table.__table__.c, defaultdict(list)
    within = select(*(column[name] for name in COLUMNS), column.series_id).where(
        column.series_id.in_(series_ids), column.start >= begin, column.start < end
    )
    for row in session.connection().execute(within):
        by_series[row[-1]].append(row)
    return {series_id: total_of_rows(rows) for series_id, rows in by_series.items()}


def prune_some(session: Session, after: int, at: float) -> tuple[int | None, int]:
    """Prune a chunk of series. Returns the last of them, None when there was none left; and how many were removed."""
    chunk, merges, removed = _next_series(session, after), merges_of(session), 0
    for tier in Tier:
        too_old = int(at) - tier.kept_seconds
        if tier.above is not None:
            too_old = min(too_old, merges[tier].until)
        for series_id in chunk:
            session.execute(delete(tier.table).where(tier.table.series_id == series_id, tier.table.start < too_old))
    for series_id in chunk:
        if not any(session.exec(select(exists().where(t.table.series_id == series_id))).one() for t in Tier):
            session.execute(delete(MetricCount).where(MetricCount.series_id == series_id))
            session.execute(delete(MetricSeries).where(MetricSeries.id == series_id))
            removed += 1
    return (chunk[-1] if chunk else None), removed
