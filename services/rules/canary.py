"""Whether a canary may have all callers: its error rate and p95 beside those of the live revision. Pure."""

from dataclasses import dataclass
from enum import StrEnum

LEAST_CALLS = 20  # of a revision, before its figures say anything while there is still time
MORE_ERRORS = 0.05  # of its calls, beyond the live revision's share of errors
SLOWER = 1.5  # times the live revision's p95 …
SLOWER_MS = 20.0  # … and at least so much more


class CanaryVerdict(StrEnum):
    WAIT = "wait"
    PROMOTE = "promote"
    ABORT = "abort"


@dataclass(frozen=True)
class Figures:
    """What a revision did. ``errors``: answers of 500 and above, timeouts included; ``p95_ms``: None without calls."""

    calls: int = 0
    errors: int = 0
    p95_ms: float | None = None

    @property
    def error_rate(self) -> float:
        return self.errors / self.calls if self.calls else 0.0

    def __str__(self) -> str:
        if not self.calls:
            return "no calls"
        calls = "1 call" if self.calls == 1 else f"{self.calls:,} calls"
        return f"{calls}, {self.error_rate:.1%} errors, p95 {self.p95_ms or 0:,.0f} ms"


def judge(canary: Figures, live: Figures, *, is_over: bool) -> tuple[CanaryVerdict, str]:
    """The verdict and the reason for it. Before its time is over it can only be aborted, and not for a mishap."""
    worse = _what_is_worse(canary, live)
    if worse and (is_over or canary.calls >= LEAST_CALLS):
        return CanaryVerdict.ABORT, worse
    if not is_over:
        return CanaryVerdict.WAIT, ""
    return CanaryVerdict.PROMOTE, "nobody called it" if not canary.calls else "it is no worse than the live one"


def _what_is_worse(canary: Figures, live: Figures) -> str:
    if canary.error_rate > live.error_rate + MORE_ERRORS:
        return f"{canary.error_rate:.1%} of its calls failed, against {live.error_rate:.1%} of the live one's"
    comparable = min(canary.calls, live.calls) >= LEAST_CALLS and canary.p95_ms and live.p95_ms
    if comparable and canary.p95_ms > max(live.p95_ms * SLOWER, live.p95_ms + SLOWER_MS):
        return f"its p95 is {canary.p95_ms:,.0f} ms, against {live.p95_ms:,.0f} ms of the live one"
    return ""
