"""How counts become rows, and rows become fewer: differences, sums, tiers. Pure: the clock comes in."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from models.histogram import Buckets, add, bounded, edges, pack, quantiles, total_of_packed, unpack
from models.histogram import total as sum_of_buckets
from models.metrics import Amounts, Counts, Tier
from models.steps import Steps
from models.wire import ChannelCounters

ADDED = (
    "requests",
    "client_errors",
    "refused",
    "errors",
    "timeouts",
    "cancelled",
    "latency_us_sum",
    "tokens_in",
    "tokens_out",
    "cost",
)
COLUMNS = tuple(Counts.model_fields)
_sums_of = attrgetter(*COLUMNS[:-1])
GRACE_SECONDS = 120  # a minute that a slow look still adds to


def amounts_of(counters: ChannelCounters, in_flight: int) -> Amounts:
    """What a gateway counted of a channel, in our units, without the histogram."""
    return Amounts(
        requests=counters.requests,
        client_errors=counters.client_errors,
        refused=counters.refused,
        errors=counters.errors,
        timeouts=counters.timeouts,
        cancelled=counters.cancelled,
        latency_us_sum=round(counters.latency_ms_sum * 1000),
        latency_us_min=round(counters.latency_ms_min * 1000),
        latency_us_max=round(counters.latency_ms_max * 1000),
        tokens_in=counters.tokens_in,
        tokens_out=counters.tokens_out,
        cost=counters.cost,
        in_flight=in_flight,
    )


def difference(counted: Amounts, before: Amounts, buckets: Buckets) -> Amounts:
    """What was counted since ``before``, of the same boot; ``buckets`` is what is new of the histogram.

    Shortest and longest call are known of a whole boot only. Where they are no news, the edges of the buckets that
    got calls since tell them to 2 %.
    """
    delta = Amounts(
        counted.requests - before.requests,
        counted.client_errors - before.client_errors,
        counted.refused - before.refused,
        counted.errors - before.errors,
        counted.timeouts - before.timeouts,
        counted.cancelled - before.cancelled,
        counted.latency_us_sum - before.latency_us_sum,
        tokens_in=counted.tokens_in - before.tokens_in,
        tokens_out=counted.tokens_out - before.tokens_out,
        cost=counted.cost - before.cost,
        in_flight=counted.in_flight,
        buckets=buckets,
    )
    if delta.buckets:
        low, high = round(edges(min(delta.buckets))[0] * 1000), round(edges(max(delta.buckets))[1] * 1000)
        is_shortest = counted.latency_us_min < before.latency_us_min
        is_longest = counted.latency_us_max > before.latency_us_max
        delta.latency_us_min = counted.latency_us_min if is_shortest or low <= 1000 else low
        delta.latency_us_max = counted.latency_us_max if is_longest else min(high, counted.latency_us_max)
    return delta


def merge(into: Amounts, more: Amounts) -> None:
    merge_sums(into, more)
    add(into.buckets, more.buckets)


def merge_sums(into: Amounts, more: Amounts) -> None:
    """All but the histogram."""
    if more.requests:
        news = (into.latency_us_min, more.latency_us_min)
        into.latency_us_min = min(news) if into.requests else more.latency_us_min
        into.latency_us_max = max(into.latency_us_max, more.latency_us_max)
    into.requests += more.requests
    into.client_errors += more.client_errors
    into.refused += more.refused
    into.errors += more.errors
    into.timeouts += more.timeouts
    into.cancelled += more.cancelled
    into.latency_us_sum += more.latency_us_sum
    into.tokens_in += more.tokens_in
    into.tokens_out += more.tokens_out
    into.cost += more.cost
    into.in_flight = max(into.in_flight, more.in_flight)


def sum_of(rows: Sequence[tuple[Any, ...]]) -> Amounts:
    """Of rows that begin with ``COLUMNS``: as ``merge`` would, but fast enough for a thousand of them."""
    if not rows:
        return Amounts()
    if len(rows) == 1:
        return amounts_from(rows[0][: len(COLUMNS)])
    of = dict(zip(COLUMNS, zip(*rows, strict=True), strict=False))
    result = Amounts(**{name: sum(of[name]) for name in ADDED}, buckets=total_of_packed(of["histogram"]))
    result.latency_us_min, result.latency_us_max = min(of["latency_us_min"]), max(of["latency_us_max"])
    result.in_flight = max(of["in_flight"])
    return result


def total(parts: Iterable[Amounts]) -> Amounts:
    called = [part for part in parts if part.requests]
    if not called:
        return Amounts()
    result = Amounts(**{name: sum(getattr(part, name) for part in called) for name in ADDED})
    result.latency_us_min = min(part.latency_us_min for part in called)
    result.latency_us_max = max(part.latency_us_max for part in called)
    result.in_flight = max(part.in_flight for part in called)
    result.buckets = sum_of_buckets(part.buckets for part in called)
    return result


def values_of(amounts: Amounts) -> tuple[Any, ...]:
    """Those of ``COLUMNS``, with few enough entries of the histogram to be kept."""
    return (*_sums_of(amounts), pack(bounded(amounts.buckets)))


def exact_values_of(amounts: Amounts, steps: Steps) -> tuple[Any, ...]:
    """Those of ``COLUMNS``, for a row that is about to change again; ``steps`` take the place of the histogram."""
    return (*_sums_of(amounts), steps.pack())


def amounts_from(values: tuple[Any, ...]) -> Amounts:
    """From the values of ``COLUMNS``."""
    return Amounts(*values[:-1], unpack(values[-1]))


def percentiles(amounts: Amounts, *shares: float) -> list[float | None]:
    """In milliseconds; None without calls."""
    return quantiles(amounts.buckets, shares, amounts.latency_us_min / 1000, amounts.latency_us_max / 1000)


def start_of(seconds: float, tier: Tier) -> int:
    return int(seconds) // tier.seconds * tier.seconds


def mergeable_until(now: float, tier: Tier) -> int:
    """Up to which time the tier's rows will not change any more, in whole units of the tier above."""
    return start_of(now - GRACE_SECONDS, tier.above or tier)
