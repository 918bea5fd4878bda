"""The traffic of the last five minutes of each deployment's live revision: what passive health goes by."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from models.histogram import Buckets, add, quantile, total, unpack
from models.metrics import MetricMinute, MetricSeries
from models.wire import RevisionCounters
from services.rules.health import Traffic

SPAN = timedelta(minutes=5)


@dataclass
class Calls:
    """Calls and how they went; ``errors`` are 5xx and timeouts."""

    requests: int = 0
    errors: int = 0
    longest_ms: float = 0.0
    buckets: Buckets = field(default_factory=dict)

    def add(self, other: "Calls") -> None:
        self.requests += other.requests
        self.errors += other.errors
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        add(self.buckets, other.buckets)

    def since(self, earlier: "Calls") -> "Calls":
        """What came after the earlier state of the same counters."""
        buckets = {key: more for key, n in self.buckets.items() if (more := n - earlier.buckets.get(key, 0)) > 0}
        return Calls(self.requests - earlier.requests, self.errors - earlier.errors, self.longest_ms, buckets)


@dataclass
class _Window:
    """``seen``: the counters at the last look, of that boot and revision; ``parts``: what each look found new."""

    boot_id: str
    revision: int
    seen: Calls
    parts: deque[tuple[datetime, Calls]] = field(default_factory=deque)


class TrafficWindows:
    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def note(
        self,
        session: Session,
        deployment_id: str,
        revision: int,
        boot_id: str,
        counters: list[RevisionCounters],
        at: datetime,
    ) -> None:
        """Take in what the gateway counted of the live revision. Another one begins with a window of its own; after a
        restart of ours it begins with what was collected before."""
        seen = _calls_of(counters, revision)
        window = self._windows.get(deployment_id)
        if window is None or window.revision != revision:
            is_known = window is None or seen.requests
            parts = _collected(session, deployment_id, revision, at) if is_known else []
            self._windows[deployment_id] = _Window(boot_id, revision, seen, deque(parts))
            return
        is_new_boot = window.boot_id != boot_id or seen.requests < window.seen.requests
        new = seen if is_new_boot else seen.since(window.seen)
        window.boot_id, window.seen = boot_id, seen
        if new.requests:
            window.parts.append((at, new))

    def seen(self, deployment_id: str, at: datetime, limit_ms: float | None = None) -> Traffic:
        """The calls of the last five minutes; ``limit_ms`` is the deployment's limit of p95."""
        window = self._windows.get(deployment_id)
        if window is None:
            return Traffic(limit_ms=limit_ms)
        while window.parts and window.parts[0][0] <= at - SPAN:
            window.parts.popleft()
        parts = [calls for _, calls in window.parts]
        p95 = _p95(parts) if limit_ms is not None else None
        return Traffic(sum(calls.requests for calls in parts), sum(calls.errors for calls in parts), p95, limit_ms)

    def forget(self, deployment_ids: set[str]) -> None:
        """Drop the windows of what is gone."""
        for deployment_id in deployment_ids & self._windows.keys():
            del self._windows[deployment_id]


def _p95(parts: list[Calls]) -> float | None:
    longest = max((calls.longest_ms for calls in parts), default=0.0)
    return quantile(total(calls.buckets for calls in parts), 0.95, 0.0, longest)


def _calls_of(counters: list[RevisionCounters], revision: int) -> Calls:
    counted = Calls()
    for of_revision in counters:
        if of_revision.revision == revision:
            for of_channel in of_revision.channels:
                errors = of_channel.errors + of_channel.timeouts
                counted.add(Calls(of_channel.requests, errors, of_channel.latency_ms_max, of_channel.buckets))
    return counted


def _collected(session: Session, deployment_id: str, revision: int, at: datetime) -> list[tuple[datetime, Calls]]:
    """The minutes of the span, each as if it had come at its beginning."""
    rows = (
        select(MetricMinute)
        .join(MetricSeries, MetricSeries.id == MetricMinute.series_id)
        .where(
            MetricSeries.deployment_id == deployment_id,
            MetricSeries.revision == revision,
            MetricMinute.start > (at - SPAN).timestamp(),
        )
        .order_by(MetricMinute.start)
    )
    return [
        (
            datetime.fromtimestamp(row.start, UTC),
            Calls(row.requests, row.errors + row.timeouts, row.latency_us_max / 1000, unpack(row.histogram)),
        )
        for row in session.exec(rows)
    ]
