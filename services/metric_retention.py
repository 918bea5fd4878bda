"""Keeps metrics small: rows of a finished hour or day become one, and old rows go. A little at a time."""

from functools import partial

from sqlalchemy import delete
from sqlmodel import Session, exists, select

from models.base import now
from models.metrics import Amounts, MetricCount, MetricSeries, Tier
from services.database import Database
from services.metric_rows import add_to_tier, merge_of
from services.rules.rollup import COLUMNS, mergeable_until, start_of, sum_of

CHUNK = 50  # series in one transaction


class MetricRetention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def merge_upward(self) -> None:
        """Add the rows of every hour, then day, that is over to the tier above."""
        for tier in (Tier.MINUTE, Tier.HOUR):
            while await self._database.write(partial(merge_some, tier=tier, at=now().timestamp())):
                pass

    async def prune(self) -> None:
        """Remove rows that are older than their tier keeps, and series of which nothing is left."""
        last: int | None = 0
        while last is not None:
            last = await self._database.write(partial(_prune, after=last, at=now().timestamp()))


def merge_some(session: Session, tier: Tier, at: float) -> bool:
    """Merge one unit of a chunk of series. Returns whether there may be more to merge."""
    merged = merge_of(session, tier)
    if not merged.until:
        merged.until = start_of(_first_start(session, tier) or at, tier.above)
    begin, end = merged.until, merged.until + tier.above.seconds
    if end > (mergeable_until(at, tier) if tier is Tier.MINUTE else merge_of(session, Tier.MINUTE).until):
        return False
    chunk = _next_series(session, merged.series_id)
    if not chunk:
        merged.until, merged.series_id = end, 0
    else:
        sums = {id_: _sum_between(session, tier, id_, begin, end) for id_ in chunk}
        add_to_tier(session, tier.above, begin, {id_: amounts for id_, amounts in sums.items() if amounts.requests})
        merged.series_id = chunk[-1]
    session.add(merged)
    return True


def _first_start(session: Session, tier: Tier) -> int | None:
    table = tier.table
    first = select(table.start).where(table.series_id == MetricSeries.id).order_by(table.start).limit(1)
    starts = session.exec(select(first.scalar_subquery()).select_from(MetricSeries))
    return min((start for start in starts if start is not None), default=None)


def _next_series(session: Session, after: int) -> list[int]:
    following = select(MetricSeries.id).where(MetricSeries.id > after).order_by(MetricSeries.id)
    return list(session.exec(following.limit(CHUNK)))


def _sum_between(session: Session, tier: Tier, series_id: int, begin: int, end: int) -> Amounts:
    table = tier.table
    columns = [getattr(table, name) for name in COLUMNS]
    within = select(*columns).where(table.series_id == series_id, table.start >= begin, table.start < end)
    return sum_of([tuple(values) for values in session.execute(within)])


def _prune(session: Session, after: int, at: float) -> int | None:
    """Prune a chunk of series. Returns the last of them; None when there was none left."""
    chunk = _next_series(session, after)
    for tier in Tier:
        too_old = int(at) - tier.kept_seconds
        if tier.above is not None:
            too_old = min(too_old, merge_of(session, tier).until)
        for series_id in chunk:
            session.execute(delete(tier.table).where(tier.table.series_id == series_id, tier.table.start < too_old))
    for series_id in chunk:
        if not any(session.exec(select(exists().where(t.table.series_id == series_id))).one() for t in Tier):
            session.execute(delete(MetricCount).where(MetricCount.series_id == series_id))
            session.execute(delete(MetricSeries).where(MetricSeries.id == series_id))
    return chunk[-1] if chunk else None
