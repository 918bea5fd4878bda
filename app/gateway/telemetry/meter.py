"""Counts calls, and tells of the counts: the counters of ``/control/v1`` here, ``/metrics`` in ``exposition``.

What was counted of a revision outlives it, so that the control plane can collect it after the revision was forgotten
and the deployment removed.
"""

from collections import defaultdict
from collections.abc import Iterator

from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.telemetry.counters import RevisionCount
from nexdeck.models.wire import Channel, Counters, RevisionCounters

MOST_RETIRED = 500


class Meter:
    """``position`` grows with every change, so that a look can ask for what changed since the one before."""

    def __init__(self) -> None:
        self.position = 0
        self._counts: dict[tuple[str, int], RevisionCount] = {}

    def for_revision(self, deployment_id: str, name: str, revision: int) -> "RevisionMeter":
        """One that was here before goes on where it was."""
        count = self._counts.setdefault(
            (deployment_id, revision), RevisionCount(deployment_id, name, revision, changed=self.position)
        )
        count.name, count.retired = name, False
        return RevisionMeter(self, count)

    def retire(self, deployment_id: str, revision: int) -> None:
        """The revision is not loaded any more."""
        count = self._counts.get((deployment_id, revision))
        if count is None:
            return
        count.retired = True
        retired = [(t.changed, key) for key, t in self._counts.items() if t.retired]
        for _, key in sorted(retired)[: max(0, len(retired) - MOST_RETIRED)]:
            del self._counts[key]

    def counts(self) -> list[RevisionCount]:
        return list(self._counts.values())

    def loaded(self) -> Iterator[RevisionCount]:
        return (count for count in self._counts.values() if not count.retired)

    def changed_after(self, position: int) -> list[RevisionCounters]:
        return [count.wire(position) for count in self._counts.values() if count.changed > position]

    def totals(self) -> dict[str, Counters]:
        """By deployment id, of the lately forgotten revisions too."""
        totals: defaultdict[str, Counters] = defaultdict(Counters)
        for revision in self._counts.values():
            total = totals[revision.deployment_id]
            for channel in revision.channels.values():
                total.requests += channel.requests
                total.errors += channel.errors + channel.timeouts
                total.latency_ms_sum += channel.latency_ms_sum
        return totals


class RevisionMeter:
    """What the calls of one revision are counted with."""

    def __init__(self, meter: Meter, count: RevisionCount) -> None:
        self._meter = meter
        self._count = count

    def began(self) -> None:
        self._count.in_flight += 1

    def ended(self, channel: Channel, status: int, code: str | None, seconds: float, tokens: Tokens) -> None:
        count, meter = self._count, self._meter
        count.in_flight -= 1
        meter.position = count.changed = meter.position + 1
        count.channels[channel].add(status, code, seconds * 1000, tokens, meter.position)
