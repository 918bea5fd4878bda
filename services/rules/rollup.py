"""How counts become rows, and rows become fewer: differences, sums, tiers. Pure: the clock comes in."""

from collections.abc import Iterable, Sequence
from operator import add, sub
from typing import Any

from nexdeck.models.counters import ChannelCounters
from nexdeck.models.histogram import GROUPS, KEYS, Buckets, bounded, edges, pack, quantiles, total_of_packed, unpack
from nexdeck.models.histogram import total as total_of_buckets
from nexdeck.models.metrics import Amounts, Tier

COLUMNS = (*Amounts._fields[:-1], "histogram")
ADDED = COLUMNS.index("latency_us_min")  # the columns before that one are added up
GRACE_SECONDS = 120  # a minute that a slow look still adds to
_EDGES_US = [tuple(round(ms * 1000) for ms in edges(key)) for key in range(GROUPS * KEYS)]


def amounts_of(counters: ChannelCounters, in_flight: int) -> Amounts:
    """What a gateway counted of a channel, in our units, without the histogram."""
    told = counters.get
    return Amounts(
        counters["requests"],
        told("client_errors", 0),
        told("refused", 0),
        told("errors", 0),
        told("timeouts", 0),
        told("cancelled", 0),
        round(told("latency_ms_sum", 0) * 1000),
        told("tokens_in", 0),
        told("tokens_out", 0),
        told("cost", 0.0),
        round(told("latency_ms_min", 0) * 1000),
        round(told("latency_ms_max", 0) * 1000),
        in_flight,
    )


def difference(counted: Amounts, before: Amounts, buckets: Buckets) -> Amounts:
    """What was counted since ``before``, of the same boot; ``buckets`` is what is new of the histogram.

    Shortest and longest call are known of a whole boot only. Where they are no news, the edges of the buckets that
    got calls since tell them to 2 %.
    """
    shortest, longest = counted.latency_us_min, counted.latency_us_max
    if before.requests and buckets:
        low, high = _EDGES_US[min(buckets)][0], _EDGES_US[max(buckets)][1]
        if shortest >= before.latency_us_min and low > 1000:
            shortest = low
        if longest <= before.latency_us_max:
            longest = min(high, longest)
    return Amounts(*map(sub, counted, before[:ADDED]), shortest, longest, counted.in_flight, buckets)


def with_sums(amounts: Amounts, more: Amounts) -> Amounts:
    """Both together, but for the histogram; ``more`` has calls."""
    shortest = min(amounts.latency_us_min, more.latency_us_min) if amounts.requests else more.latency_us_min
    longest = max(amounts.latency_us_max, more.latency_us_max)
    in_flight = max(amounts.in_flight, more.in_flight)
    return Amounts(*map(add, amounts, more[:ADDED]), shortest, longest, in_flight)


def total(parts: Iterable[Amounts]) -> Amounts:
    """Parts without calls tell nothing."""
    called = [part for part in parts if part.requests]
    if len(called) < 2:
        return called[0] if called else Amounts()
    *columns, histograms = zip(*called, strict=True)
    return _sum(columns, total_of_buckets(histograms))


def total_of_rows(rows: Sequence[tuple[Any, ...]]) -> Amounts:
    """Of values of ``COLUMNS``, which may be followed by others; each has calls."""
    if len(rows) < 2:
        return amounts_from(rows[0]) if rows else Amounts()
    columns = list(zip(*rows, strict=True))[: len(COLUMNS)]
    return _sum(columns[:-1], total_of_packed(columns[-1]))


def _sum(columns: Sequence[Sequence[Any]], buckets: Buckets) -> Amounts:
    shortest, longest, in_flight = columns[ADDED:]
    return Amounts(*map(sum, columns[:ADDED]), min(shortest), max(longest), max(in_flight), buckets)


def values_of(amounts: Amounts) -> tuple[Any, ...]:
    """Those of ``COLUMNS``, with few enough entries of the histogram to be kept."""
    return (*amounts[:-1], pack(bounded(amounts.buckets)))


def amounts_from(values: Sequence[Any]) -> Amounts:
    """From the values of ``COLUMNS``, which may be followed by others."""
    last = len(COLUMNS) - 1
    return Amounts(*values[:last], unpack(values[last]))


def percentiles(amounts: Amounts, *shares: float) -> list[float | None]:
    """In milliseconds; None without calls."""
    return quantiles(amounts.buckets, shares, amounts.latency_us_min / 1000, amounts.latency_us_max / 1000)


def start_of(seconds: float, tier: Tier) -> int:
    return int(seconds) // tier.seconds * tier.seconds


def mergeable_until(now: float, tier: Tier) -> int:
    """Up to which time the tier's rows will not change any more, in whole units of the tier above."""
    return start_of(now - GRACE_SECONDS, tier.above or tier)
