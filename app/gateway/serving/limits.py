"""What one revision may use at a time: calls in flight, and calls a minute."""

from time import monotonic

from nexdeck.app.gateway.ground.problems import busy
from nexdeck.models.manifest import Limits


class Gate:
    """Admits calls; a refused one gets a problem with ``Retry-After``. Used on the event loop only."""

    def __init__(self, limits: Limits) -> None:
        self.in_flight = 0
        self._most = limits.max_concurrency
        self._per_minute = limits.rate_limit_per_minute
        self._tokens = float(limits.rate_limit_per_minute or 0)
        self._filled_at = monotonic()

    def enter(self, *, metered: bool = True) -> None:
        """Count a call in. Raises GatewayProblem; ``leave`` must follow only when it did not.

        A call of the control plane itself (``metered`` false) is not held to the rate: a proof or a health probe must
        neither fail because of users' traffic nor use up their share.
        """
        if self._most is not None and self.in_flight >= self._most:
            raise busy("too_many_calls", f"All {self._most} concurrent calls of this deployment are in use; try again.")
        if metered and self._per_minute is not None:
            self._take_token(self._per_minute)
        self.in_flight += 1

    def leave(self) -> None:
        self.in_flight -= 1

    def _take_token(self, per_minute: int) -> None:
        """A bucket that holds one minute's calls and is refilled evenly."""
        now = monotonic()
        self._tokens = min(float(per_minute), self._tokens + (now - self._filled_at) * per_minute / 60)
        self._filled_at = now
        if self._tokens < 1:
            wait = (1 - self._tokens) * 60 / per_minute
            detail = f"More than {per_minute} calls a minute; try again in {wait:.0f} s."
            raise busy("rate_limited", detail, status=429, retry_after=wait)
        self._tokens -= 1
