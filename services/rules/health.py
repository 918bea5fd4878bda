"""How a gateway or a deployment is, given how it was and what a probe found. Pure: the clock comes in.

::

    unknown ── first good probe ─▶ healthy ── errors ≥ 5 %, or p95 over its limit ─▶ degraded
    healthy ── a gateway was started anew 3 times in 10 minutes, unasked ─▶ degraded
    any ── 3 failed probes, absent twice, or errors ≥ 50 % ─▶ unhealthy
    unhealthy (unreachable, absent) ── 2 good probes ─▶ healthy
    degraded, unhealthy (errors, slow) ── below the lower thresholds in 2 looks running ─▶ healthy, or degraded
    any ── not looked at for 3 intervals, paused, or not meant to run ─▶ unknown

The counters outlive an ``unknown``: what was down before the control plane went away needs two good probes after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from nexdeck.models.deployment import HealthState
from nexdeck.models.health import HealthCause

PROBES_TO_FAIL = 3
ABSENCES_TO_FAIL = 2
PROBES_TO_RECOVER = 2
FEWEST_CALLS = 20  # fewer say nothing of a rate
DEGRADED_FROM, DEGRADED_BELOW = 0.05, 0.025
UNHEALTHY_FROM = 0.5
CALM_BELOW = 0.8  # of the limit of p95
STALE_INTERVALS = 3
RESTARTS_TO_TELL, RESTARTS_WITHIN = 3, timedelta(minutes=10)
SWITCHES_TO_FLAP, FLAP_INTERVALS, SETTLED_INTERVALS = 4, 40, 20

RANK = {HealthState.UNKNOWN: 0, HealthState.HEALTHY: 1, HealthState.DEGRADED: 2, HealthState.UNHEALTHY: 3}
OF_PRESENCE = (HealthCause.UNREACHABLE, HealthCause.GATEWAY, HealthCause.ABSENT, HealthCause.SYNTHETIC)


@dataclass(frozen=True)
class Standing:
    """How a subject is, with the counters of the rules; ``since``: when the state began, ``failed_at``: when a failure
    was last counted."""

    since: datetime
    state: HealthState = HealthState.UNKNOWN
    cause: HealthCause | None = None
    reason: str = "It was not checked yet."
    failures: int = 0
    failed_at: datetime | None = None
    successes: int = 0
    calm_windows: int = 0
    switches: list[float] = field(default_factory=list)
    flapping: bool = False
    boot_id: str | None = None
    restarts: list[float] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """It is well, and no counter has anything to remember."""
        is_well = self.state is HealthState.HEALTHY and self.successes >= PROBES_TO_RECOVER
        return is_well and not (self.calm_windows or self.switches or self.flapping or self.restarts)


class Traffic(NamedTuple):
    """What callers saw in the last five minutes; ``errors`` are 5xx and timeouts. None: nothing to tell a p95 from."""

    requests: int = 0
    errors: int = 0
    p95_ms: float | None = None
    limit_ms: float | None = None

    @property
    def error_rate(self) -> float:
        return self.errors / self.requests if self.requests else 0.0


NO_TRAFFIC = Traffic()


@dataclass(frozen=True)
class Sight:
    """What a probe found. ``fault``: the reason why it is not well, None when it is; ``good`` is the reason then.

    ``is_excused``: an absence that somebody asked for, such as during a restart, or that ends by itself in a moment.
    ``boot_id``: of a gateway that answers.
    """

    good: str = ""
    fault: str | None = None
    cause: HealthCause = HealthCause.ABSENT
    traffic: Traffic = NO_TRAFFIC
    is_excused: bool = False
    boot_id: str | None = None
    is_boot_asked_for: bool = False


@dataclass(frozen=True)
class Judgement:
    """``calm_windows``: how many probes in a row saw traffic below the lower thresholds."""

    state: HealthState
    cause: HealthCause | None
    reason: str
    calm_windows: int = 0


def judge(standing: Standing, sight: Sight, at: datetime, interval: timedelta) -> Standing:
    """How the subject is after a probe."""
    before, standing = standing, _with_boot(standing, sight, at)
    if standing.is_settled and sight.fault is None and sight.good == standing.reason and is_well(sight.traffic):
        return standing  # as most are at most looks
    counted = _count(standing, sight, at, interval)
    if sight.fault is None:
        judgement = _of_good_probe(counted, sight)
        counted = replace(counted, calm_windows=judgement.calm_windows)
    else:
        judgement = _of_failed_probe(counted, sight)
    return _with_flapping(_become(counted, judgement, at), before, at, interval)


def is_well(traffic: Traffic) -> bool:
    """Whether what was well stays so with that traffic."""
    if traffic.requests < FEWEST_CALLS:
        return True
    is_slow = traffic.limit_ms is not None and traffic.p95_ms is not None and traffic.p95_ms > traffic.limit_ms
    return traffic.error_rate < DEGRADED_FROM and not is_slow


def rest(standing: Standing, reason: str, at: datetime) -> Standing:
    """It is not judged: paused, stopped or not looked at for long. What it counted stays, for when it goes on."""
    if standing.state is HealthState.UNKNOWN and standing.reason == reason:
        return standing
    since = standing.since if standing.state is HealthState.UNKNOWN else at
    return replace(standing, state=HealthState.UNKNOWN, reason=reason, since=since)


def is_stale(checked_at: datetime, now: datetime, interval: timedelta) -> bool:
    return now - checked_at > STALE_INTERVALS * interval


def _with_boot(standing: Standing, sight: Sight, at: datetime) -> Standing:
    """Count it as a restart when another boot answers than the last time, unless somebody asked for that."""
    restarts = _within(standing.restarts, at, RESTARTS_WITHIN)
    boot_id = sight.boot_id or standing.boot_id
    if standing.boot_id not in (None, boot_id) and not sight.is_boot_asked_for:
        restarts = [*restarts, at.timestamp()][-3 * RESTARTS_TO_TELL :]
    if (boot_id, restarts) == (standing.boot_id, standing.restarts):
        return standing
    return replace(standing, boot_id=boot_id, restarts=restarts)


def _count(standing: Standing, sight: Sight, at: datetime, interval: timedelta) -> Standing:
    """A gateway that comes up is looked at each second: failures that follow each other so fast count as one."""
    if sight.fault is None:
        return replace(standing, failures=0, successes=min(standing.successes + 1, PROBES_TO_RECOVER))
    if sight.cause is HealthCause.GATEWAY:
        return replace(standing, failures=0, successes=0, calm_windows=0)  # the gateway's failures, not its own
    is_early = standing.failures > 0 and standing.failed_at is not None and at - standing.failed_at < interval / 2
    if sight.is_excused or is_early:
        return replace(standing, successes=0)
    if standing.failures >= PROBES_TO_FAIL:
        return replace(standing, successes=0, calm_windows=0)  # down already: nothing to write at each probe
    return replace(standing, failures=standing.failures + 1, failed_at=at, successes=0, calm_windows=0)


def _of_failed_probe(standing: Standing, sight: Sight) -> Judgement:
    needed = PROBES_TO_FAIL if sight.cause is HealthCause.UNREACHABLE else ABSENCES_TO_FAIL
    if sight.cause is HealthCause.GATEWAY or (standing.failures >= needed and not sight.is_excused):
        return Judgement(HealthState.UNHEALTHY, sight.cause, sight.fault or "")
    if standing.state is HealthState.UNHEALTHY and standing.cause in OF_PRESENCE:
        return Judgement(standing.state, standing.cause, standing.reason)
    if sight.is_excused:
        return Judgement(standing.state, standing.cause, standing.reason)
    in_a_row = f"{standing.failures} of {needed} probes in a row failed, so it still counts as it was"
    return Judgement(standing.state, standing.cause, f"{sight.fault} ({in_a_row}.)")


def _of_good_probe(standing: Standing, sight: Sight) -> Judgement:
    if standing.cause in OF_PRESENCE and standing.successes < PROBES_TO_RECOVER:
        reason = f"It answers again: {standing.successes} of {PROBES_TO_RECOVER} good probes in a row. Before: "
        before = standing.reason.partition(" Before: ")[2] or standing.reason
        return Judgement(standing.state, standing.cause, reason + before)
    if len(standing.restarts) >= RESTARTS_TO_TELL:
        return Judgement(HealthState.DEGRADED, HealthCause.RESTARTS, _restarts_in_words(standing))
    is_troubled = standing.cause in (HealthCause.ERRORS, HealthCause.SLOW)
    judgement = _of_traffic(sight, is_troubled, standing.state)
    was = standing.state if is_troubled else HealthState.HEALTHY
    if RANK[judgement.state] >= RANK[was]:
        return judgement
    if standing.calm_windows + 1 >= PROBES_TO_RECOVER:
        return judgement
    return Judgement(standing.state, standing.cause, standing.reason, standing.calm_windows + 1)


def _of_traffic(sight: Sight, is_troubled: bool, was: HealthState) -> Judgement:
    """``is_troubled``: it errs or is slow already, so the lower thresholds hold, and fewer calls tell."""
    seen, limit = sight.traffic, sight.traffic.limit_ms
    if not is_troubled and is_well(seen):
        return Judgement(HealthState.HEALTHY, None, sight.good)
    tells = seen.requests >= FEWEST_CALLS
    if tells and seen.error_rate >= UNHEALTHY_FROM:
        return Judgement(HealthState.UNHEALTHY, HealthCause.ERRORS, _errors_in_words(seen))
    if seen.error_rate >= (DEGRADED_BELOW if is_troubled else DEGRADED_FROM):
        # too few calls to tell more keep it as bad as it was
        state = HealthState.DEGRADED if tells or was is not HealthState.UNHEALTHY else was
        return Judgement(state, HealthCause.ERRORS, _errors_in_words(seen))
    if limit is not None and seen.p95_ms is not None:
        threshold = CALM_BELOW * limit if is_troubled else limit
        if seen.p95_ms > threshold:
            words = f"One call in twenty took {seen.p95_ms:,.0f} ms or longer in the last five minutes"
            return Judgement(HealthState.DEGRADED, HealthCause.SLOW, f"{words}; the limit is {limit:,.0f} ms.")
    return Judgement(HealthState.HEALTHY, None, sight.good)


def _restarts_in_words(standing: Standing) -> str:
    minutes = RESTARTS_WITHIN // timedelta(minutes=1)
    return f"It answers, but was started anew {len(standing.restarts)} times in the last {minutes} minutes, unasked."


def _errors_in_words(seen: Traffic) -> str:
    return f"{seen.error_rate:.0%} of the calls of the last five minutes failed ({seen.errors:,} of {seen.requests:,})."


def _become(standing: Standing, judgement: Judgement, at: datetime) -> Standing:
    since = standing.since if judgement.state is standing.state else at
    return replace(standing, state=judgement.state, cause=judgement.cause, reason=judgement.reason, since=since)


def _with_flapping(standing: Standing, before: Standing, at: datetime, interval: timedelta) -> Standing:
    """Count it as a switch when it went from well to not well, or back; ``unknown`` is neither."""
    switches = _within(before.switches, at, FLAP_INTERVALS * interval)
    was_well, is_well = before.state is HealthState.HEALTHY, standing.state is HealthState.HEALTHY
    if was_well is not is_well and HealthState.UNKNOWN not in (before.state, standing.state):
        switches = [*switches, at.timestamp()][-2 * SWITCHES_TO_FLAP :]
    settled = not _within(switches, at, SETTLED_INTERVALS * interval)
    flapping = len(switches) >= SWITCHES_TO_FLAP or (before.flapping and not settled)
    return replace(standing, switches=switches, flapping=flapping and not settled)


def _within(times: Sequence[float], at: datetime, span: timedelta) -> list[float]:
    return [time for time in times if time > (at - span).timestamp()]
