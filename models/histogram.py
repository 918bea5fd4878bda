"""Histograms of latencies: counts of calls in fixed logarithmic buckets, which merge by addition.

From 1 ms to 10 min there are 39 *groups*, each √2 wide; outside of that range the first and the last one count. A group
has 17 keys: its first stands for the whole group, each other for one of its sixteen *steps*, 2.2 % wide. A gateway
counts in steps. A stored histogram holds a few entries only: where there are too many, whole groups take the place of
their steps, those with the fewest calls first. So a narrow peak keeps its place to the percent, and what lies broadly
over many groups is read by interpolation.

====== ============================ ========================
key    ``17 × group``               ``17 × group + 1 + step``
counts what is in the whole group   what is in the step
====== ============================ ========================
"""

import struct
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, chain
from math import inf, log2
from operator import sub
from statistics import NormalDist

from nexdeck.models.histogram_accumulator import PACKED, entries_of

STEPS = 16
GROUPS = 39
KEYS = STEPS + 1  # of one group
MOST_ENTRIES = 20  # of a stored histogram, unless it has more groups
MOST_COUNTED = 2**64 - 1  # in one entry; only a gateway that tells nonsense has more
_STEPS_AN_OCTAVE = 2 * STEPS
LEAST_MS = 0.001
_LAST = GROUPS * STEPS - 1
_probit = NormalDist().inv_cdf

Buckets = dict[int, int]
_Heap = tuple[list[tuple[float, float]], list[int]]  # from which to which latency; how many calls lie up to there


def key_of(ms: float) -> int:
    """The key of the step that a latency falls in."""
    step = min(int(log2(ms) * _STEPS_AN_OCTAVE), _LAST) if ms > 1 else 0
    return step + (step >> 4) + 1


@cache
def edges(key: int) -> tuple[float, float]:
    """From which to which latency a bucket is, in milliseconds; the first and the last one count beyond it too."""
    group, place = divmod(key, KEYS)
    first = group * STEPS + max(0, place - 1)
    return 2 ** (first / _STEPS_AN_OCTAVE), 2 ** ((first + (1 if place else STEPS)) / _STEPS_AN_OCTAVE)


def total(histograms: Iterable[Mapping[int, int]]) -> Buckets:
    """What is known of one of them by whole groups only, is known so of all."""
    return _sum(chain.from_iterable(histogram.items() for histogram in histograms))


def total_of_packed(packed: Iterable[bytes]) -> Buckets:
    return _sum(chain.from_iterable(map(_entries, packed)))


def _sum(entries: Iterable[tuple[int, int]]) -> Buckets:
    result: Buckets = defaultdict(int)
    for key, count in entries:
        result[key] += count
    _unite(result)
    return result


def _unite(into: Buckets) -> None:
    whole = {key for key in into if key % KEYS == 0}
    if whole:
        for key in [key for key in into if key % KEYS and key - key % KEYS in whole]:
            into[key - key % KEYS] += into.pop(key)


def bounded(buckets: Mapping[int, int]) -> Buckets:
    """The same counts in few enough entries to be stored."""
    kept, by_group = dict(buckets), {}
    excess = len(kept) - MOST_ENTRIES
    if excess <= 0:
        return kept
    for key in kept:
        by_group.setdefault(key // KEYS, []).append(key)
    for group, keys in sorted(by_group.items(), key=lambda item: sum(kept[key] for key in item[1])):
        if excess > 0 and len(keys) > 1:
            kept[group * KEYS] = sum(kept.pop(key) for key in keys)
            excess -= len(keys) - 1
    return kept


def quantiles(buckets: Mapping[int, int], shares: Sequence[float], least: float, most: float) -> list[float | None]:
    """For each share the latency that so many of the calls do not exceed, in milliseconds; None without calls.

    ``least`` and ``most`` are the shortest and the longest call. Calls that lie together, with no empty bucket between
    them, are taken for one normal distribution of the logarithm: what latencies look like where buckets are wide.
    """
    heaps = _heaps(buckets)
    calls = sum(counts[-1] for _, counts in heaps)
    return [_place(heaps, share * calls, least, most) for share in shares]


def quantile(buckets: Mapping[int, int], share: float, least: float, most: float) -> float | None:
    return quantiles(buckets, (share,), least, most)[0]


def _place(heaps: Sequence[_Heap], rank: float, least: float, most: float) -> float | None:
    for limits, counts in heaps:
        size = counts[-1]
        if rank > size:
            rank -= size
            continue
        place = bisect_left(counts, rank)
        low, high = limits[place]
        before = counts[place - 1] if place else 0
        return _between(max(low, least), min(high, most), before, counts[place], rank, size)
    return most if heaps else None


def _between(low: float, high: float, before: int, after: int, rank: float, size: int) -> float:
    """Where the ``rank``-th of ``size`` calls lies, when so many lie below ``low`` and ``high``."""
    if low >= high:
        return low
    last = size - 0.5
    z_low, z_high = _probit(max(before, 0.5) / size), _probit(min(after, last) / size)
    z = _probit(min(max(rank, 0.5), last) / size)
    within = (z - z_low) / (z_high - z_low) if z_high > z_low else 0.5
    return low * (high / low) ** min(max(within, 0.0), 1.0)


def _heaps(buckets: Mapping[int, int]) -> list[_Heap]:
    """Parted where nothing lies between, in ascending order."""
    heaps: list[_Heap] = []
    size, end = 0, -inf
    for key in sorted(buckets):
        if count := buckets[key]:
            limits = _LIMITS[key]
            if limits[0] > end:
                size, where, counts = 0, [], []
                heaps.append((where, counts))
            size, end = size + count, limits[1] * 1.03  # a single empty step is chance
            where.append(limits)
            counts.append(size)
    return heaps


def pack(buckets: Mapping[int, int]) -> bytes:
    """Small, for rows that are kept: a byte that says how wide a count is, then the distances from key to key, a byte
    each, then the counts."""
    keys = sorted(buckets)
    distances = list(map(sub, keys, chain((0,), keys)))
    if max(distances, default=0) > 255:  # an entry without calls bridges what a byte cannot
        gap = next(number for number, distance in enumerate(distances) if distance > 255)
        return pack({**buckets, keys[gap] - distances[gap] + 255: 0})
    counts = [min(buckets[key], MOST_COUNTED) for key in keys]
    width = next(w for w in _KINDS if max(counts, default=0) < 256**w)
    return bytes((width, *distances)) + struct.pack(f"<{len(counts)}{_KINDS[width]}", *counts)


def unpack(packed: bytes) -> Buckets:
    buckets = dict(_entries(packed))
    if packed[0] > PACKED:  # to what is known by whole groups steps may have been added
        _unite(buckets)
    return buckets


def _entries(packed: bytes) -> Iterator[tuple[int, int]]:
    width = packed[0]
    if width > PACKED:
        return entries_of(packed)
    size = (len(packed) - 1) // (width + 1)
    counts = packed[size + 1 :] if width == 1 else struct.unpack_from(f"<{size}{_KINDS[width]}", packed, size + 1)
    return zip(accumulate(packed[1 : size + 1]), counts, strict=True)


_KINDS = {1: "B", 2: "H", 4: "I", 8: "Q"}


def _limits(key: int) -> tuple[float, float]:
    """What a bucket counts: its edges, but that the first and the last are open."""
    low, high = edges(key)
    return low if low > 1 else LEAST_MS, high if high < edges(GROUPS * KEYS - 1)[1] else inf


_LIMITS = [_limits(key) for key in range(GROUPS * KEYS)]
