"""Uptime: what counts, and that no second is counted twice or lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nexdeck.models.deployment import HealthState
from nexdeck.models.percents import percent_words, told
from nexdeck.services.rules.uptime import Change, Slot, Span, slots, total

SINCE = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=24)


def at(hours: float) -> datetime:
    return SINCE + timedelta(hours=hours)


def day(changes: list[Change], planned: list[Span] | None = None):
    return total(slots(changes, planned or [], SINCE, UNTIL, 90))


def test_nothing_known_has_no_percentage() -> None:
    assert day([]).percent is None
    assert day([(at(1), HealthState.UNKNOWN)]).percent is None


def test_an_hour_down_of_a_day() -> None:
    changes = [(at(-50), HealthState.HEALTHY), (at(3), HealthState.UNHEALTHY), (at(4), HealthState.DEGRADED)]
    seen = day(changes)
    assert seen.percent == pytest.approx(100 * 23 / 24)
    assert (seen.healthy, seen.unhealthy, seen.degraded) == pytest.approx((3 * 3600, 3600, 20 * 3600))


def test_planned_work_and_what_nobody_saw_is_left_out() -> None:
    changes = [(at(0), HealthState.HEALTHY), (at(10), HealthState.UNHEALTHY), (at(14), HealthState.UNKNOWN)]
    assert day(changes, [(at(9), at(12)), (at(11), at(12.5))]).percent == pytest.approx(100 * 9 / 10.5)


@given(st.floats(1e-6, 9e6), st.floats(0, 9e6))
@example(85.258362, 0.0)
def test_what_never_failed_was_always_up_however_short_it_is_known(healthy: float, degraded: float) -> None:
    assert Slot(SINCE, UNTIL, healthy=healthy, degraded=degraded).percent == 100
    assert Slot(SINCE, UNTIL, unhealthy=healthy).percent == 0
    begun = UNTIL - timedelta(seconds=min(healthy, 86_400))
    assert day([(begun, HealthState.HEALTHY)]).percent == 100


@given(st.floats(0, 100))
@example(99.999999999)
@example(99.996)
@example(98.76)
def test_uptime_is_told_in_hundredths_downwards(percent: float) -> None:
    assert (told(percent) == 100) is (percent == 100)
    assert (percent_words(percent) == "100%") is (percent == 100)
    assert -1e-8 < percent - told(percent) < 0.01 + 1e-8
    assert told(told(percent)) == told(percent)


def test_uptime_in_words() -> None:
    some = (None, 100.0, 99.999, 99.996, 99.0, 33.339, 0.0)
    words = ["–", "100%", "99.99%", "99.99%", "99.00%", "33.33%", "0.00%"]
    assert [percent_words(percent) for percent in some] == words


def test_the_parts_of_a_day_and_the_day_are_told_alike() -> None:
    changes = [(at(0), HealthState.HEALTHY), (at(3), HealthState.UNHEALTHY), (at(3.12), HealthState.HEALTHY)]
    whole = slots(changes, [], SINCE, UNTIL, 1)[0]
    assert {percent_words(seen.percent) for seen in (day(changes), whole)} == {"99.50%"}


def test_a_slot_shows_its_worst() -> None:
    changes = [(at(0), HealthState.HEALTHY), (at(12.001), HealthState.UNHEALTHY), (at(12.002), HealthState.HEALTHY)]
    bars = slots(changes, [], SINCE, UNTIL, 90)
    assert [n for n, slot in enumerate(bars) if slot.worst is HealthState.UNHEALTHY] == [45]


HOURS = st.floats(-48, 30, allow_nan=False)


@given(
    st.lists(st.tuples(HOURS, st.sampled_from(list(HealthState))), max_size=30),
    st.lists(st.tuples(HOURS, st.floats(0, 10)), max_size=5),
)
def test_no_second_is_counted_twice_or_lost(drawn: list[tuple[float, HealthState]], work) -> None:
    changes = sorted((at(hours), state) for hours, state in drawn)
    planned = [(at(begin), at(begin + length)) for begin, length in work]
    bars = slots(changes, planned, SINCE, UNTIL, 90)
    assert all(slot.known <= 24 * 3600 / 90 + 1e-3 for slot in bars)
    seen = dict.fromkeys(HealthState, 0.0)
    for minute in range(24 * 60):
        moment = SINCE + timedelta(minutes=minute + 0.5)
        state = next((s for t, s in reversed(changes) if t <= moment), HealthState.UNKNOWN)
        if not any(begin <= moment < end for begin, end in planned):
            seen[state] += 60
    edges = len(changes) + 2 * len(planned)
    for state in (HealthState.HEALTHY, HealthState.DEGRADED, HealthState.UNHEALTHY):
        assert getattr(total(bars), state.value) == pytest.approx(seen[state], abs=60 * edges + 1)
    whole = slots(changes, planned, SINCE, UNTIL, 1)[0]
    assert whole.known == pytest.approx(total(bars).known, abs=1e-2)
