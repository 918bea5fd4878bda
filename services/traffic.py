"""The traffic of the last five minutes of each deployment's live revision: what passive health goes by."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.wire import DeploymentState
from services.rules.health import Traffic

SPAN = timedelta(minutes=5)


@dataclass
class _Window:
    """What came since the look before, for each look; ``boot_id`` and the rest: what the last look saw."""

    revision: int | None
    boot_id: str
    requests: int
    errors: int
    limit_ms: float | None = None
    parts: deque[tuple[datetime, int, int]] = field(default_factory=deque)


class TrafficWindows:
    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def note(
        self, held: DeploymentState, boot_id: str, live: int | None, limit_ms: float | None, at: datetime
    ) -> Traffic:
        """Take in what the gateway counted. Another live revision begins with an empty window."""
        window = self._windows.get(held.deployment_id)
        counters = held.counters
        if window is None or window.revision != live:
            window = _Window(live, boot_id, counters.requests, counters.errors)
            self._windows[held.deployment_id] = window
        if window.boot_id != boot_id or counters.requests < window.requests:
            window.boot_id, window.requests, window.errors = boot_id, 0, 0
        requests, errors = counters.requests - window.requests, counters.errors - window.errors
        window.requests, window.errors, window.limit_ms = counters.requests, counters.errors, limit_ms
        if requests or errors:
            window.parts.append((at, requests, max(0, errors)))
        return self.seen(held.deployment_id, at)

    def seen(self, deployment_id: str, at: datetime) -> Traffic:
        window = self._windows.get(deployment_id)
        if window is None:
            return Traffic()
        while window.parts and window.parts[0][0] <= at - SPAN:
            window.parts.popleft()
        total: Counter[str] = Counter()
        for _, requests, errors in window.parts:
            total.update(requests=requests, errors=errors)
        return Traffic(total["requests"], total["errors"], None, window.limit_ms)
