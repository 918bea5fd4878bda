"""The traffic of the last five minutes of each revision: what passive health goes by."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from nexdeck.models.histogram import Buckets, quantile, total
from nexdeck.models.metrics import Amounts, MetricMinute, MetricSeries
from nexdeck.services.rules.health import Traffic
from nexdeck.services.rules.rollup import COLUMNS, amounts_from

SPAN = timedelta(minutes=5)
PART = timedelta(seconds=10)  # a gateway in use is asked each second: what came in within that time goes as one


@dataclass(slots=True)
class _Part:
    """Calls that came in at ``at`` or a little later."""

    at: datetime
    requests: int = 0
    failures: int = 0
    longest_us: int = 0
    buckets: Buckets = field(default_factory=dict)


@dataclass(slots=True)
class TrafficWindow:
    """``requests`` and ``failures`` are the sums of the parts'. Latencies are kept unless it is known that nobody asks.

    A limit of the latency is an option of the revision, so whether one is asked for does not change. Calls are added
    while a transaction in a thread judges, so whoever goes through the parts goes through copies.
    """

    requests: int = 0
    failures: int = 0
    _keeps_latencies: bool = True
    _parts: deque[_Part] = field(default_factory=deque)

    def add(self, calls: Amounts, at: datetime) -> None:
        if not self._parts or at - self._parts[-1].at >= PART:
            self._parts.append(_Part(at))
        last, failures = self._parts[-1], calls.failures
        last.requests += calls.requests
        last.failures += failures
        self.requests += calls.requests
        self.failures += failures
        if self._keeps_latencies:
            last.longest_us = max(last.longest_us, calls.latency_us_max)
            for key, count in calls.buckets.items():
                last.buckets[key] = last.buckets.get(key, 0) + count

    def drop_latencies(self) -> None:
        if self._keeps_latencies:
            self._keeps_latencies = False
            for part in tuple(self._parts):
                part.buckets = {}

    def drop_until(self, at: datetime) -> None:
        while self._parts and self._parts[0].at <= at:
            part = self._parts.popleft()
            self.requests -= part.requests
            self.failures -= part.failures

    def p95_ms(self) -> float | None:
        parts = tuple(self._parts)
        longest = max((part.longest_us for part in parts), default=0) / 1000
        return quantile(total(dict(part.buckets) for part in parts), 0.95, 0.0, longest)

    @property
    def may_tell_trouble(self) -> bool:
        return self.failures > 0 or self._keeps_latencies

    @property
    def is_empty(self) -> bool:
        return not self._parts


class TrafficWindows:
    """By deployment and revision. They are told of calls when these have been written.

    ``troubled``: the deployments whose calls may say that they are not well: those of the revision that was asked for
    last, or of any since.
    """

    def __init__(self) -> None:
        self.troubled: set[str] = set()
        self._windows: dict[tuple[str, int], TrafficWindow] = {}

    def recall(self, windows: dict[tuple[str, int], TrafficWindow]) -> None:
        """What the database knows takes the place of what is known here."""
        self._windows |= windows
        self.troubled.update(deployment_id for deployment_id, _ in windows)

    def add(self, deployment_id: str, revision: int, calls: Amounts, at: datetime) -> None:
        window = self._windows.get((deployment_id, revision))
        if window is None:
            window = self._windows[deployment_id, revision] = TrafficWindow()
        window.add(calls, at)
        if window.may_tell_trouble:
            self.troubled.add(deployment_id)

    def has_succeeded(self, deployment_id: str, revision: int, at: datetime) -> bool:
        """Whether a call of the five minutes before ``at`` did."""
        window = self._until(deployment_id, revision, at)
        return window is not None and window.requests > window.failures

    def seen(self, deployment_id: str, revision: int | None, at: datetime, limit_ms: float | None) -> Traffic:
        """The calls of the five minutes before ``at``; ``limit_ms`` is the revision's limit of p95."""
        window = self._until(deployment_id, revision, at)
        if window is None:
            return Traffic(limit_ms=limit_ms)
        if limit_ms is None:
            window.drop_latencies()
        self.troubled.discard(deployment_id)
        if window.may_tell_trouble:  # asked for after that: what comes in meanwhile is not missed
            self.troubled.add(deployment_id)
        return Traffic(window.requests, window.failures, window.p95_ms() if limit_ms is not None else None, limit_ms)

    def _until(self, deployment_id: str, revision: int | None, at: datetime) -> TrafficWindow | None:
        window = self._windows.get((deployment_id, revision))
        if window is not None:
            window.drop_until(at - SPAN)
        return window

    def drop_old(self, at: datetime) -> None:
        """Forget the windows of what is not called any more."""
        for key, window in list(self._windows.items()):
            window.drop_until(at - SPAN)
            if window.is_empty:
                del self._windows[key]
        self.troubled -= self.troubled - {deployment_id for deployment_id, _ in self._windows}


def recent_traffic(session: Session, gateway_id: str, at: datetime) -> dict[tuple[str, int], TrafficWindow]:
    """From the minutes in the database, each as if it had come at its beginning; of what had calls."""
    minute, series = MetricMinute.__table__.c, MetricSeries.__table__.c
    rows = (
        select(series.deployment_id, series.revision, minute.start, *(minute[name] for name in COLUMNS))
        .join_from(MetricSeries, MetricMinute, series.id == minute.series_id)
        .where(series.gateway_id == gateway_id, series.deployment_id != "", minute.start > (at - SPAN).timestamp())
        .order_by(minute.start)
    )
    windows: dict[tuple[str, int], TrafficWindow] = {}
    for deployment_id, revision, start, *values in session.connection().execute(rows):
        window = windows.setdefault((deployment_id, revision), TrafficWindow())
        window.add(amounts_from(tuple(values)), datetime.fromtimestamp(start, UTC))
    return windows
