"""What is known of a gateway's series without asking the database: the counts of the last probe, the present minute.

A book is right as long as the cursor in the database is where the book's is: whoever adds counts moves that cursor in
the same transaction. After a transaction that failed a book is dropped, and read anew.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, select

from nexdeck.models.counters import ChannelCounters
from nexdeck.models.deployment import Deployment
from nexdeck.models.histogram_accumulator import HistogramAccumulator
from nexdeck.models.metrics import NO_CALLS, Amounts, MetricCount, Tier
from nexdeck.models.telemetry import Position
from nexdeck.services.metrics.rows import WHOLE_GATEWAY, WRITE_ROWS, SeriesKey, rows_at, series_ids, write_rows
from nexdeck.services.platform.upserts import upsert
from nexdeck.services.rules.rollup import COLUMNS, amounts_from, amounts_of, difference, with_sums


class Account:
    """A series: what its gateway had counted of it by the last probe, at which boot, and the sums of a minute.

    Histograms are kept beside the other amounts, as what can be added to.
    """

    __slots__ = ("_boot_id", "_counted", "_counted_steps", "_minute", "_minute_steps", "key", "series_id", "start")

    def __init__(
        self, key: SeriesKey, series_id: int, boot_id: str, counted: Amounts, start: int, minute: Amounts
    ) -> None:
        self.key, self.series_id, self.start = key, series_id, start
        self._boot_id, self._counted, self._counted_steps = boot_id, counted, HistogramAccumulator(counted.buckets)
        self._minute, self._minute_steps = minute, HistogramAccumulator(minute.buckets)

    def count(self, boot_id: str, counters: ChannelCounters, in_flight: int) -> Amounts | None:
        """Returns what is new; None where nothing is. Of the buckets ``counters`` may hold only those that changed."""
        if boot_id != self._boot_id:
            self._boot_id, self._counted, self._counted_steps = boot_id, Amounts(), HistogramAccumulator()
        before = self._counted
        if counters["requests"] <= before.requests:
            return None
        self._counted = amounts_of(counters, in_flight)
        return difference(self._counted, before, self._counted_steps.advance(counters.get("buckets", NO_CALLS)))

    def add(self, delta: Amounts) -> None:
        """To the sums of the minute."""
        self._minute = with_sums(self._minute, delta)
        self._minute_steps.add(delta.buckets)

    def turn_to(self, start: int) -> Amounts:
        """Begin a new minute. Returns the sums of the one before."""
        over = self._minute._replace(buckets=self._minute_steps.buckets())
        self.start, self._minute, self._minute_steps = start, Amounts(), HistogramAccumulator()
        return over

    def count_row(self) -> tuple[Any, ...]:
        return (self.series_id, self._boot_id, *self._counted[:-1], self._counted_steps.pack())

    def minute_row(self) -> tuple[Any, ...]:
        return (self.series_id, self.start, *self._minute[:-1], self._minute_steps.pack())


@dataclass
class GatewaySeries:
    """``reached``: the position of the gateway's counters that it is of."""

    gateway_id: str
    reached: Position
    _accounts: dict[SeriesKey, Account] = field(default_factory=dict)

    def accounts(self, session: Session, keys: Collection[SeriesKey], present: int) -> Mapping[SeriesKey, Account]:
        """With those of the series that are the whole gateway's or of deployments on it: it may tell of others, too.

        ``present``: the start of the present minute.
        """
        if missing := [key for key in keys if key not in self._accounts]:
            ours = set(session.exec(select(Deployment.id).where(Deployment.gateway_id == self.gateway_id)))
            missing = [key for key in missing if key is WHOLE_GATEWAY or key.deployment_id in ours]
            self._accounts |= _read_accounts(session, self.gateway_id, missing, present)
        return self._accounts

    def close(self, accounts: Iterable[Account]) -> None:
        """Their rows are about to be written without the book."""
        for account in accounts:
            del self._accounts[account.key]


def _read_accounts(session: Session, gateway_id: str, keys: list[SeriesKey], start: int) -> dict[SeriesKey, Account]:
    ids = series_ids(session, gateway_id, keys)
    column = MetricCount.__table__.c
    counts = select(column.series_id, column.boot_id, *(column[name] for name in COLUMNS)).where(
        column.series_id.in_(list(ids.values()))
    )
    counted = {id_: (boot, amounts_from(tuple(of))) for id_, boot, *of in session.connection().execute(counts)}
    minutes = rows_at(session, Tier.MINUTE, start, list(ids.values()))
    return {
        key: Account(key, id_, *(counted.get(id_) or ("", Amounts())), start, minutes.get(id_) or Amounts())
        for key, id_ in ids.items()
    }


def write_counts(session: Session, accounts: Iterable[Account]) -> None:
    """What was counted of each until now."""
    WRITE_COUNTS.run(session, [account.count_row() for account in accounts])


def add_to_minutes(session: Session, parts: Collection[tuple[Account, Amounts]], start: int) -> None:
    """``start``: of the minute, which is no earlier one than those of the accounts.

    The present minute's row is written at every probe, so quickly and exact; once it is over, small.
    """
    over: defaultdict[int, dict[int, Amounts]] = defaultdict(dict)
    for account, delta in parts:
        if start > account.start:
            ended, minute = account.start, account.turn_to(start)
            if minute.requests:
                over[ended][account.series_id] = minute
        account.add(delta)
    for ended, minutes in over.items():
        write_rows(session, Tier.MINUTE, ended, minutes)
    WRITE_ROWS[Tier.MINUTE].run(session, [account.minute_row() for account, _ in parts])


WRITE_COUNTS = upsert(MetricCount.__table__, ("series_id", "boot_id", *COLUMNS))
