"""Reads and writes the rows of metrics: series, what was counted of them, and the sums of the tiers."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlmodel import Session, insert, select, update

from models.metrics import ALL_CHANNELS, ALL_REVISIONS, Amounts, MetricCount, MetricMerge, MetricSeries, Tier
from services.rules.rollup import COLUMNS, amounts_from, columns_of, merge, start_of

MERGED = [tier for tier in Tier if tier.above]  # each into the one above it


class SeriesKey(NamedTuple):
    """``deployment_id`` is empty for what a whole gateway adds up to."""

    deployment_id: str
    revision: int
    channel: str


def gateway_key(gateway_id: str) -> SeriesKey:
    return SeriesKey("", ALL_REVISIONS, ALL_CHANNELS)


class Rows:
    """The series of one gateway that a look tells of."""

    def __init__(self, session: Session, gateway_id: str, keys: Iterable[SeriesKey]) -> None:
        self._session = session
        self._ids = _series_ids(session, gateway_id, [*keys, gateway_key(gateway_id)])
        columns = [getattr(MetricCount, name) for name in COLUMNS]
        known = select(MetricCount.series_id, MetricCount.boot_id, *columns).where(
            MetricCount.series_id.in_(list(self._ids.values()))
        )
        self._counts = {row[0]: (row[1], amounts_from(row[2:])) for row in session.execute(known)}

    def counted(self, key: SeriesKey, boot_id: str) -> Amounts | None:
        """What was counted at the last look, if that was at the same boot."""
        boot, amounts = self._counts.get(self._ids[key], (None, None))
        return amounts if boot == boot_id else None

    def remember(self, counted: Mapping[SeriesKey, Amounts], boot_id: str) -> None:
        rows = [
            columns_of(amounts, exact=True) | {"series_id": self._ids[key], "boot_id": boot_id}
            for key, amounts in counted.items()
        ]
        _insert_or_update(self._session, MetricCount, rows, set(self._counts), ("series_id",))

    def add(self, deltas: Mapping[SeriesKey, Amounts], at: float) -> None:
        add_to_tiers(self._session, {self._ids[key]: delta for key, delta in deltas.items()}, at)


def add_to_tiers(session: Session, parts: Mapping[int, Amounts], at: float) -> None:
    """Add to the minute of that time, and to what minutes, quarters and hours of it have been merged into already."""
    merges = merges_of(session)
    for tier in Tier:
        if merged := _merged(parts, at, merges[tier.below]) if tier.below else parts:
            add_to_tier(session, tier, start_of(at, tier), merged)


def add_to_tier(session: Session, tier: Tier, start: int, parts: Mapping[int, Amounts]) -> None:
    """``parts``: series id → what to add to its row that begins at ``start``."""
    table, rows, known = tier.table, [], set()
    columns = [getattr(table, name) for name in COLUMNS]
    present = select(table.series_id, *columns).where(table.start == start, table.series_id.in_(list(parts)))
    for series_id, *values in session.execute(present):
        amounts = amounts_from(tuple(values))
        merge(amounts, parts[series_id])
        known.add(series_id)
        rows.append(columns_of(amounts) | {"series_id": series_id, "start": start})
    for series_id in parts.keys() - known:
        rows.append(columns_of(parts[series_id]) | {"series_id": series_id, "start": start})
    _insert_or_update(session, table, rows, known, ("series_id", "start"))


def merges_of(session: Session) -> dict[Tier, MetricMerge]:
    """Of each tier but the last how far it has been merged; where there is no row yet, a new one."""
    found = {merge.tier: merge for merge in session.exec(select(MetricMerge))}
    return {tier: found.get(tier.value) or MetricMerge(tier=tier.value) for tier in MERGED}


def _merged(parts: Mapping[int, Amounts], at: float, merge: MetricMerge) -> Mapping[int, Amounts]:
    """Those of the series whose rows of that time have been added to the tier above."""
    if at < merge.until:
        return parts
    last = merge.series_id if at < merge.until + Tier(merge.tier).above.seconds else 0
    return {id_: amounts for id_, amounts in parts.items() if id_ <= last}


def _series_ids(session: Session, gateway_id: str, keys: list[SeriesKey]) -> dict[SeriesKey, int]:
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


def _insert_or_update(
    session: Session, table: type, rows: list[dict], present: set[int], identity: tuple[str, ...]
) -> None:
    new = [row for row in rows if row["series_id"] not in present]
    changed = [row for row in rows if row["series_id"] in present]
    connection = session.connection()
    if new:
        connection.execute(insert(table.__table__), new)
    if changed:
        columns = table.__table__.c
        is_it = [columns[name] == bindparam(f"is_{name}") for name in identity]
        values = {name: bindparam(name) for name in changed[0] if name not in identity}
        named = [{f"is_{name}" if name in identity else name: value for name, value in row.items()} for row in changed]
        connection.execute(update(table.__table__).where(*is_it).values(values), named)
