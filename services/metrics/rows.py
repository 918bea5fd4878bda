"""Reads and writes the rows of metrics: series, and the sums of the tiers."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlmodel import Session, select

from nexdeck.models.metrics import ALL_CHANNELS, ALL_REVISIONS, Amounts, MetricMerge, MetricSeries, Tier
from nexdeck.services.platform.upserts import upsert
from nexdeck.services.rules.rollup import COLUMNS, amounts_from, start_of, total, values_of

MERGED = [tier for tier in Tier if tier.above]  # each into the one above it


class SeriesKey(NamedTuple):
    """``deployment_id`` is empty for what a whole gateway adds up to."""

    deployment_id: str
    revision: int
    channel: str


WHOLE_GATEWAY = SeriesKey("", ALL_REVISIONS, ALL_CHANNELS)


def add_to_tiers(session: Session, parts: Mapping[int, Amounts], at: float) -> None:
    """Add to the minute of that time, and to what minutes, quarters and hours of it have been merged into already."""
    merges = merges_of(session, to_change=True)
    for tier in Tier:
        if merged := _merged(parts, at, merges[tier.below]) if tier.below else parts:
            add_to_tier(session, tier, start_of(at, tier), merged)


def add_to_tier(session: Session, tier: Tier, start: int, parts: Mapping[int, Amounts]) -> None:
    """``parts``: series id → what to add to its row that begins at ``start``."""
    sums = rows_at(session, tier, start, list(parts))
    for series_id, more in parts.items():
        sums[series_id] = total([sums.get(series_id, Amounts()), more])
    write_rows(session, tier, start, sums)


def rows_at(session: Session, tier: Tier, start: int, series_ids: Sequence[int]) -> dict[int, Amounts]:
    """By series, those of the tier's rows that begin at ``start``."""
    column = tier.table.__table__.c
    wanted = select(column.series_id, *(column[name] for name in COLUMNS)).where(
        column.start == start, column.series_id.in_(series_ids)
    )
    return {series_id: amounts_from(tuple(values)) for series_id, *values in session.connection().execute(wanted)}


def write_rows(session: Session, tier: Tier, start: int, sums: Mapping[int, Amounts]) -> None:
    """``sums``: series id → its row of that time."""
    WRITE_ROWS[tier].run(session, [(id_, start, *values_of(amounts)) for id_, amounts in sums.items()])


def merges_of(session: Session, *, to_change: bool = False) -> dict[Tier, MetricMerge]:
    """Of each tier but the last how far it has been merged; where there is no row yet, a new one.

    ``to_change``: what another Nexdeck on the same database merges meanwhile is waited for.
    """
    merges = select(MetricMerge).order_by(MetricMerge.tier)
    found = {merge.tier: merge for merge in session.exec(merges.with_for_update() if to_change else merges)}
    return {tier: found.get(tier.value) or MetricMerge(tier=tier.value) for tier in MERGED}


def not_merged_from(session: Session) -> int:
    """The first minute of which no series has been added to its quarter of an hour."""
    merge = merges_of(session)[Tier.MINUTE]
    return merge.until + (Tier.QUARTER.seconds if merge.series_id else 0)


def _merged(parts: Mapping[int, Amounts], at: float, merge: MetricMerge) -> Mapping[int, Amounts]:
    """Those of the series whose rows of that time have been added to the tier above."""
    if at < merge.until:
        return parts
    last = merge.series_id if at < merge.until + Tier(merge.tier).above.seconds else 0
    return {id_: amounts for id_, amounts in parts.items() if id_ <= last}


def series_ids(session: Session, gateway_id: str, keys: Collection[SeriesKey]) -> dict[SeriesKey, int]:
    """Those of new series are made."""
    of_gateway = select(MetricSeries).where(
        MetricSeries.gateway_id == gateway_id, MetricSeries.deployment_id.in_({key.deployment_id for key in keys})
    )
    ids = {SeriesKey(s.deployment_id, s.revision, s.channel): s.id for s in session.exec(of_gateway)}
    for key in keys:
        if key not in ids:
            series = MetricSeries(gateway_id=gateway_id, **key._asdict())
            session.add(series)
            session.flush()
            ids[key] = series.id
    return {key: ids[key] for key in keys}


WRITE_ROWS = {tier: upsert(tier.table.__table__, ("series_id", "start", *COLUMNS)) for tier in Tier}
