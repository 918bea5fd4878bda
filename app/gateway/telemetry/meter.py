"""Counts calls, and tells of the counts: the counters of ``/control/v1`` here, ``/metrics`` in ``exposition``.

What was counted of a revision outlives it, so that the control plane can collect it after the revision was forgotten
and the deployment removed.
"""

from collections import defaultdict
from collections.abc import Iterator

from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.telemetry.counters import RevisionTally
from nexdeck.models.wire import Channel, Counters, RevisionCounters

MOST_RETIRED = 500


class Meter:
    """``position`` grows with every change, so that a look can ask for what changed since the one before."""

    def __init__(self) -> None:
        self.position = 0
        self._tallies: dict[tuple[str, int], RevisionTally] = {}

    def for_revision(self, deployment_id: str, name: str, revision: int) -> "RevisionMeter":
        """One that was here before goes on where it was."""
        tally = self._tallies.setdefault(
            (deployment_id, revision), RevisionTally(deployment_id, name, revision, changed=self.position)
        )
        tally.name, tally.retired = name, False
        return RevisionMeter(self, tally)

    def retire(self, deployment_id: str, revision: int) -> None:
        """The revision is not loaded any more."""
        tally = self._tallies.get((deployment_id, revision))
        if tally is None:
            return
        tally.retired = True
        retired = [(t.changed, key) for key, t in self._tallies.items() if t.retired]
        for _, key in sorted(retired)[: max(0, len(retired) - MOST_RETIRED)]:
            del self._tallies[key]

    def tallies(self) -> list[RevisionTally]:
        return list(self._tallies.values())

    def loaded(self) -> Iterator[RevisionTally]:
        return (tally for tally in self._tallies.values() if not tally.retired)

    def changed_after(self, position: int) -> list[RevisionCounters]:
        return [tally.wire(position) for tally in self._tallies.values() if tally.changed > position]

    def totals(self) -> dict[str, Counters]:
        """By deployment id, of the lately forgotten revisions too."""
        totals: defaultdict[str, Counters] = defaultdict(Counters)
        for revision in self._tallies.values():
            total = totals[revision.deployment_id]
            for channel in revision.channels.values():
                total.requests += channel.requests
                total.errors += channel.errors + channel.timeouts
                total.latency_ms_sum += channel.latency_ms_sum
        return totals


class RevisionMeter:
    """What the calls of one revision are counted with."""

    def __init__(self, meter: Meter, tally: RevisionTally) -> None:
        self._meter = meter
        self._tally = tally

    def began(self) -> None:
        self._tally.in_flight += 1

    def ended(self, channel: Channel, status: int, code: str | None, seconds: float, tokens: Tokens) -> None:
        tally, meter = self._tally, self._meter
        tally.in_flight -= 1
        meter.position = tally.changed = meter.position + 1
        tally.channels[channel].add(status, code, seconds * 1000, tokens, meter.position)
