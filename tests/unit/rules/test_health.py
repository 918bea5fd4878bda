"""Health by its rules: thresholds, hysteresis, recovery, flapping, and what an unknown keeps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.deployment import HealthState
from nexdeck.models.health import HealthCause
from nexdeck.services.rules.health import Sight, Standing, Traffic, is_stale, judge, rest

INTERVAL = timedelta(seconds=15)
START = datetime(2030, 1, 1, tzinfo=UTC)
GOOD = Sight(good="All is well.")
UNREACHABLE = Sight(fault="connection refused", cause=HealthCause.UNREACHABLE)
ABSENT = Sight(fault="not served")
GATEWAY_GONE = Sight(fault="its gateway is gone", cause=HealthCause.GATEWAY)


class Clock:
    """Looks one interval after another."""

    def __init__(self) -> None:
        self.at = START
        self.standing = Standing(since=START)

    def look(self, *sights: Sight, every: timedelta = INTERVAL) -> Standing:
        for sight in sights:
            self.at += every
            self.standing = judge(self.standing, sight, self.at, INTERVAL)
        return self.standing


def traffic(requests: int, errors: int = 0, p95_ms: float | None = None, limit_ms: float | None = None) -> Sight:
    return Sight(good="All is well.", traffic=Traffic(requests, errors, p95_ms, limit_ms))


def answers(boot_id: str, *, is_boot_asked_for: bool = False) -> Sight:
    return Sight(good="It answers.", boot_id=boot_id, is_boot_asked_for=is_boot_asked_for)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_good_look_makes_it_healthy_and_a_first_bad_one_says_nothing_yet(clock: Clock) -> None:
    assert clock.look(UNREACHABLE).state is HealthState.UNKNOWN
    assert clock.look(GOOD).state is HealthState.HEALTHY


def test_three_failed_probes_in_a_row_make_it_unhealthy_and_two_good_ones_healthy(clock: Clock) -> None:
    clock.look(GOOD)
    assert clock.look(UNREACHABLE, UNREACHABLE).state is HealthState.HEALTHY
    assert "2 of 3" in clock.standing.reason
    down = clock.look(UNREACHABLE)
    assert (down.state, down.cause, down.reason) == (HealthState.UNHEALTHY, HealthCause.UNREACHABLE, UNREACHABLE.fault)
    assert clock.look(GOOD).state is HealthState.UNHEALTHY
    assert "1 of 2" in clock.standing.reason
    assert clock.look(GOOD).state is HealthState.HEALTHY


def test_failures_that_are_not_in_a_row_are_no_outage(clock: Clock) -> None:
    clock.look(GOOD)
    for _ in range(50):
        assert clock.look(UNREACHABLE, UNREACHABLE, GOOD).state is HealthState.HEALTHY


def test_absent_twice_is_unhealthy_unless_somebody_asked_for_it(clock: Clock) -> None:
    asked_for = Sight(fault="not served", is_excused=True)
    assert clock.look(GOOD, ABSENT, asked_for, asked_for).state is HealthState.HEALTHY
    assert clock.look(ABSENT).state is HealthState.UNHEALTHY


def test_looks_a_second_apart_count_as_one_failure(clock: Clock) -> None:
    clock.look(GOOD, UNREACHABLE)
    assert clock.look(*[UNREACHABLE] * 5, every=timedelta(seconds=1)).failures == 1
    assert clock.look(UNREACHABLE).failures == 2


@pytest.mark.parametrize(
    ("requests", "errors", "state"),
    [
        (19, 19, HealthState.HEALTHY),
        (100, 4, HealthState.HEALTHY),
        (100, 5, HealthState.DEGRADED),
        (100, 49, HealthState.DEGRADED),
        (100, 50, HealthState.UNHEALTHY),
        (20, 10, HealthState.UNHEALTHY),
    ],
)
def test_errors_of_callers_tell(clock: Clock, requests: int, errors: int, state: HealthState) -> None:
    assert clock.look(GOOD, traffic(requests, errors)).state is state


def test_errors_must_stay_below_the_lower_threshold_for_two_looks(clock: Clock) -> None:
    clock.look(GOOD, traffic(100, 6))
    assert clock.standing.reason == "6% of the calls of the last five minutes failed (6 of 100)."
    assert clock.look(traffic(100, 3), traffic(100, 3), traffic(100, 3)).state is HealthState.DEGRADED
    assert clock.look(traffic(100, 2)).state is HealthState.DEGRADED
    assert clock.look(traffic(100, 3), traffic(100, 2)).state is HealthState.DEGRADED, "not two running"
    assert clock.look(traffic(100, 2)).state is HealthState.HEALTHY


def test_from_unhealthy_by_errors_the_way_back_leads_over_degraded(clock: Clock) -> None:
    clock.look(GOOD, traffic(100, 60))
    assert clock.look(traffic(100, 20)).state is HealthState.UNHEALTHY
    assert clock.look(traffic(100, 20)).state is HealthState.DEGRADED
    assert clock.look(traffic(0), traffic(0)).state is HealthState.HEALTHY


def test_slow_is_degraded_until_p95_is_well_below_the_limit(clock: Clock) -> None:
    slow = clock.look(GOOD, traffic(50, 0, 1200, 1000))
    assert (slow.state, slow.cause) == (HealthState.DEGRADED, HealthCause.SLOW)
    assert "1,200 ms" in slow.reason
    assert "limit is 1,000 ms" in slow.reason
    assert clock.look(traffic(50, 0, 900, 1000), traffic(50, 0, 900, 1000)).state is HealthState.DEGRADED
    assert clock.look(traffic(50, 0, 700, 1000), traffic(50, 0, 700, 1000)).state is HealthState.HEALTHY
    assert clock.look(traffic(50, 0, 9000, None)).state is HealthState.HEALTHY, "no limit, no judgement"


def test_a_gateway_that_keeps_restarting_is_degraded_for_ten_minutes(clock: Clock) -> None:
    clock.look(*[answers("first")] * 2)
    assert clock.look(answers("second"), UNREACHABLE, answers("third")).state is HealthState.HEALTHY
    seen = clock.look(answers("fourth"))
    assert (seen.state, seen.cause) == (HealthState.DEGRADED, HealthCause.RESTARTS)
    assert seen.reason == "It answers, but was started anew 3 times in the last 10 minutes, unasked."
    assert clock.look(*[answers("fourth")] * 36).state is HealthState.DEGRADED
    assert clock.look(answers("fourth")).state is HealthState.HEALTHY, "ten minutes after the first of the three"


def test_a_restart_that_was_asked_for_is_no_trouble(clock: Clock) -> None:
    clock.look(answers("first"))
    for number in range(9):
        assert clock.look(answers(f"{number}", is_boot_asked_for=True)).state is HealthState.HEALTHY
    assert clock.standing.restarts == []


def test_what_its_gateway_suffers_from_is_not_its_own_trouble(clock: Clock) -> None:
    clock.look(GOOD)
    assert clock.look(GATEWAY_GONE).cause is HealthCause.GATEWAY
    clock.look(GATEWAY_GONE, GATEWAY_GONE, ABSENT)
    assert clock.standing.cause is HealthCause.GATEWAY, "one absence after the gateway came back is none yet"
    assert clock.look(ABSENT).cause is HealthCause.ABSENT


def test_an_unknown_keeps_what_was_counted(clock: Clock) -> None:
    clock.look(GOOD, UNREACHABLE, UNREACHABLE, UNREACHABLE)
    clock.standing = rest(clock.standing, "nobody looked", clock.at)
    assert clock.standing.state is HealthState.UNKNOWN
    assert clock.look(GOOD).state is HealthState.UNKNOWN, "one good look after an outage is not enough"
    assert clock.look(GOOD).state is HealthState.HEALTHY
    clock.look(UNREACHABLE, UNREACHABLE)
    clock.standing = rest(clock.standing, "nobody looked", clock.at)
    assert clock.look(UNREACHABLE).state is HealthState.UNHEALTHY, "the streak went on"


def test_it_flaps_after_four_switches_and_settles_in_peace(clock: Clock) -> None:
    clock.look(GOOD)
    outage = (ABSENT, ABSENT, GOOD, GOOD)
    assert not clock.look(*outage).flapping
    assert clock.look(*outage).flapping
    assert clock.look(*outage * 5).flapping
    assert clock.look(*[GOOD] * 19).flapping
    assert not clock.look(*[GOOD] * 3).flapping


def test_stale_is_more_than_three_intervals() -> None:
    assert not is_stale(START, START + 3 * INTERVAL, INTERVAL)
    assert is_stale(START, START + 3 * INTERVAL + timedelta(seconds=1), INTERVAL)


SIGHTS = st.one_of(
    st.sampled_from([GOOD, UNREACHABLE, ABSENT, GATEWAY_GONE, Sight(fault="restarting", is_excused=True)]),
    st.builds(
        lambda n, share, p95, limit: traffic(n, int(n * share), p95, limit),
        st.integers(0, 1000),
        st.floats(0, 1),
        st.one_of(st.none(), st.floats(1, 5000)),
        st.one_of(st.none(), st.floats(1, 5000)),
    ),
)


@given(st.lists(SIGHTS, max_size=80))
def test_a_state_has_always_its_reason_and_its_cause(sights: list[Sight]) -> None:
    clock = Clock()
    for sight in sights:
        before, after = clock.standing, clock.look(sight)
        assert after.reason.strip()
        if after.state in (HealthState.DEGRADED, HealthState.UNHEALTHY):
            assert after.cause is not None
        if after.state is HealthState.HEALTHY:
            assert after.cause is None
        assert (after.since == clock.at) == (after.state is not before.state)
        assert len(after.switches) <= 8


@given(st.lists(SIGHTS, max_size=40))
def test_whatever_was_it_is_healthy_after_four_quiet_looks(sights: list[Sight]) -> None:
    clock = Clock()
    clock.look(*sights)
    assert clock.look(*[GOOD] * 4).state is HealthState.HEALTHY
