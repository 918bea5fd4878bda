"""Histograms of latencies: they add up, stay small, come back from storage as they were, and tell percentiles."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.counters import LARGEST_COUNT
from nexdeck.models.histogram import (
    GROUPS,
    KEYS,
    MOST_COUNTED,
    MOST_ENTRIES,
    bounded,
    edges,
    key_of,
    pack,
    quantile,
    total,
    unpack,
)
from nexdeck.models.histogram_accumulator import HistogramAccumulator

LATENCIES = st.lists(st.floats(0.001, 900_000), max_size=300)
DRAW = random.Random(4)
SHAPES = {
    "as models answer": [DRAW.lognormvariate(7.0, 0.8) for _ in range(10_000)],
    "queueing": [DRAW.expovariate(1 / 90) + 20 for _ in range(10_000)],
    "a cache in front": [
        DRAW.gauss(4.4, 0.1) if DRAW.random() < 0.7 else DRAW.lognormvariate(6.4, 0.4) for _ in range(10_000)
    ],
    "always the same": [50 + DRAW.expovariate(1) for _ in range(10_000)],
    "three steps": [DRAW.choice((10.0, 55.0, 60.0)) + DRAW.random() for _ in range(10_000)],
}


def histogram(latencies: list[float]) -> dict[int, int]:
    return Counter(key_of(ms) for ms in latencies)


@given(st.floats(1.0, 600_000))
def test_a_latency_lies_within_the_edges_of_its_bucket(ms: float) -> None:
    low, high = edges(key_of(ms))
    assert low * 0.999999 <= ms <= high * 1.000001
    assert high / low < 1.022
    low, high = edges(key_of(ms) // KEYS * KEYS)
    assert low * 0.999999 <= ms <= high * 1.000001


@given(LATENCIES)
def test_packing_keeps_everything_and_bounding_keeps_the_counts(latencies: list[float]) -> None:
    buckets = histogram(latencies)
    assert unpack(pack(buckets)) | dict.fromkeys(buckets, 0) | buckets == unpack(pack(buckets)) | buckets
    assert {key: count for key, count in unpack(pack(buckets)).items() if count} == buckets
    few = bounded(buckets)
    assert sum(few.values()) == len(latencies)
    assert len(few) <= max(MOST_ENTRIES, len({key // KEYS for key in buckets})) <= GROUPS


@pytest.mark.parametrize("count", [1, 255, 256, 65_535, 65_536, 2**32])
def test_large_counts_and_wide_gaps_are_packed(count: int) -> None:
    assert {k: c for k, c in unpack(pack({1: count, GROUPS * KEYS - 1: 2})).items() if c} == {1: count, 662: 2}


@given(LATENCIES, LATENCIES)
def test_histograms_of_different_detail_add_up(one: list[float], two: list[float]) -> None:
    both = total([bounded(histogram(one)), histogram(two)])
    assert sum(both.values()) == len(one) + len(two)
    whole = {key // KEYS for key in both if key % KEYS == 0}
    assert not any(key % KEYS and key // KEYS in whole for key in both)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_percentiles_of_stored_histograms_are_within_two_percent(shape: str, share: float) -> None:
    latencies, stored = SHAPES[shape], {}
    for begin in range(0, 10_000, 100):  # as the minutes of an hour are merged
        minute = unpack(pack(bounded(histogram(latencies[begin : begin + 100]))))
        stored = bounded(total([stored, minute]))
    true = sorted(latencies)[round(share * 10_000) - 1]
    assert quantile(stored, share, min(latencies), max(latencies)) == pytest.approx(true, rel=0.02)


def test_no_calls_have_no_percentile_and_one_call_is_all_of_them() -> None:
    assert quantile({}, 0.5, 0, 0) is None
    assert quantile({key_of(37.0): 1}, 0.99, 37.0, 37.0) == 37.0
    assert quantile({key_of(0.2): 3}, 0.5, 0.2, 0.2) == 0.2


KEYS_AND_COUNTS = st.dictionaries(st.integers(0, GROUPS * KEYS - 1), st.integers(1, 2**40), max_size=40)


@given(st.lists(KEYS_AND_COUNTS, max_size=6))
def test_counts_that_grow_tell_what_is_new_of_them_and_come_back_from_storage(parts: list[dict[int, int]]) -> None:
    counted, summed, expected = HistogramAccumulator(), HistogramAccumulator(), {}
    for part in parts:
        expected = {key: expected.get(key, 0) + part.get(key, 0) for key in expected | part}
        assert counted.advance({key: expected[key] for key in part}) == part
        assert counted.advance({key: 1 for key in part}) == {}, "an older count is no news"
        summed.add(part)
    assert counted.buckets() == summed.buckets() == expected
    steps = {key: count for key, count in expected.items() if key % KEYS}
    assert unpack(HistogramAccumulator(steps).pack()) == steps
    assert sum(unpack(summed.pack()).values()) == sum(expected.values())
    assert (
        HistogramAccumulator(expected).pack() == HistogramAccumulator(HistogramAccumulator(expected).buckets()).pack()
    )


def test_sums_that_no_gateway_can_have_counted_do_not_fit_but_end_nothing() -> None:
    """A StopIteration would never reach who waits for the thread, and nothing would be written any more."""
    steps, most = HistogramAccumulator(), {key: LARGEST_COUNT for key in range(GROUPS * KEYS)}
    for _ in range(5):
        steps.add(most)
    assert steps.buckets() == {key: 5 * LARGEST_COUNT for key in most}
    assert unpack(pack({3: 2**70, 4: 1})) == {3: MOST_COUNTED, 4: 1}
