"""Uptime from changes of state: how long something was well, degraded or down, in slots of equal length. Pure.

``unknown`` time (never looked at, paused, stopped, while the control plane was away) and planned work are left out:
they are neither up nor down. Degraded counts as up: it answered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from nexdeck.models.deployment import HealthState

Change = tuple[datetime, HealthState]
Span = tuple[datetime, datetime]


@dataclass
class Slot:
    """Seconds in each state from ``begins_at`` on."""

    begins_at: datetime
    ends_at: datetime
    healthy: float = 0.0
    degraded: float = 0.0
    unhealthy: float = 0.0

    @property
    def known(self) -> float:
        return self.healthy + self.degraded + self.unhealthy

    @property
    def percent(self) -> float | None:
        """Of the time that is known; None when nothing is. Exactly 100 for what was never down."""
        return 100.0 * (1.0 - self.unhealthy / self.known) if self.known else None

    @property
    def worst(self) -> HealthState:
        for state in (HealthState.UNHEALTHY, HealthState.DEGRADED, HealthState.HEALTHY):
            if getattr(self, state.value) > 0:
                return state
        return HealthState.UNKNOWN


def slots(
    changes: Sequence[Change], planned: Sequence[Span], since: datetime, until: datetime, count: int
) -> list[Slot]:
    """``changes`` in the order of time, the last one before ``since`` among them if there is one."""
    length = (until - since) / count
    edges = [since + length * number for number in range(count)] + [until]
    result = [Slot(begin, end) for begin, end in pairwise(edges)]
    left_out = _merged(planned)
    for begin, end, state in _spans(changes, since, until):
        if state is HealthState.UNKNOWN:
            continue
        for piece in _without(begin, end, left_out):
            _add(result, piece, state, since, length)
    return result


def total(parts: Sequence[Slot]) -> Slot:
    """All slots as one."""
    sums = {state: sum(getattr(part, state) for part in parts) for state in ("healthy", "degraded", "unhealthy")}
    return Slot(parts[0].begins_at, parts[-1].ends_at, **sums)


def _spans(
    changes: Sequence[Change], since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, HealthState]]:
    for (at, state), (end, _) in pairwise([*changes, (until, HealthState.UNKNOWN)]):
        begin, end = max(at, since), min(end, until)
        if begin < end:
            yield begin, end, state


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _without(begin: datetime, end: datetime, left_out: Sequence[Span]) -> Iterator[Span]:
    for out_begin, out_end in left_out:
        if out_end <= begin or out_begin >= end:
            continue
        if begin < out_begin:
            yield begin, out_begin
        begin = max(begin, out_end)
    if begin < end:
        yield begin, end


def _add(result: list[Slot], piece: Span, state: HealthState, since: datetime, length: timedelta) -> None:
    begin, end = piece
    first, last = int((begin - since) / length), int((end - since) / length)
    for slot in result[max(0, first - 1) : last + 1]:
        seconds = (min(end, slot.ends_at) - max(begin, slot.begins_at)).total_seconds()
        if seconds > 0:
            setattr(slot, state.value, getattr(slot, state.value) + seconds)
