"""Counts calls, and tells of the counts: the counters of ``/control/v1`` here, ``/metrics`` in ``exposition``.

What was counted of a revision outlives it, so that the control plane can collect it after the revision was forgotten
and the deployment removed.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.ground.problems import LIMIT_CODES
from nexdeck.models.choices import Channel
from nexdeck.models.counters import ChannelCounters, Counters, RevisionCounters
from nexdeck.models.histogram import key_of

MOST_RETIRED = 500
_COUNTED = [name for name in ChannelCounters.__annotations__ if name != "channel"]


@dataclass(slots=True, eq=False)
class ChannelCount:
    """Plain numbers that a call adds to in a microsecond; they are sent as ``ChannelCounters``."""

    requests: int = 0
    client_errors: int = 0
    refused: int = 0
    errors: int = 0
    timeouts: int = 0
    cancelled: int = 0
    latency_ms_sum: float = 0.0
    latency_ms_min: float = 0.0
    latency_ms_max: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    changes: dict[int, int] = field(default_factory=dict)  # of each bucket, as ``changed``
    changed: int = 0  # the meter's position at the last change

    def add(self, status: int, code: str | None, ms: float, tokens: Tokens, position: int) -> None:
        """Count an answer; ``code`` is its problem's, ``position`` the meter's."""
        if status >= 400:
            self._add_failure(status, code)
        if ms < self.latency_ms_min or not self.requests:
            self.latency_ms_min = ms
        if ms > self.latency_ms_max:
            self.latency_ms_max = ms
        self.requests += 1
        self.latency_ms_sum += ms
        if tokens.read is not None or tokens.written is not None:
            self.tokens_in += tokens.read or 0
            self.tokens_out += tokens.written or 0
            self.cost += tokens.cost
        key = key_of(ms)
        self.buckets[key] = self.buckets.get(key, 0) + 1
        self.changes[key] = self.changed = position

    def _add_failure(self, status: int, code: str | None) -> None:
        if code in LIMIT_CODES:
            self.refused += 1
        elif status == 504:
            self.timeouts += 1
        elif status == 499:
            self.cancelled += 1
        elif status >= 500:
            self.errors += 1
        else:
            self.client_errors += 1

    def since(self, channel: Channel, position: int) -> ChannelCounters:
        """Of the buckets only those that changed after the position: a few of a hundred, mostly."""
        changed = {key: count for key, count in self.buckets.items() if self.changes[key] > position}
        return ChannelCounters(channel=channel, **self.values() | {"buckets": changed})

    def values(self) -> dict[str, Any]:
        """Those that are not zero."""
        return {name: value for name in _COUNTED if (value := getattr(self, name))}


@dataclass(slots=True, eq=False)
class RevisionCount:
    deployment_id: str
    name: str
    revision: int
    changed: int = 0  # the meter's position at the last change
    in_flight: int = 0
    retired: bool = False  # its revision is not loaded any more
    channels: dict[Channel, ChannelCount] = field(default_factory=lambda: {c: ChannelCount() for c in Channel})
    _text: bytes = b""
    _text_of: int | None = None  # what ``changed`` was when the text was made

    def since(self, position: int) -> RevisionCounters:
        """What was counted after the position."""
        called = [
            count.since(channel, position) for channel, count in self.channels.items() if count.changed > position
        ]
        return RevisionCounters(
            deployment_id=self.deployment_id, revision=self.revision, in_flight=self.in_flight, channels=called
        )

    def text(self) -> bytes:
        """The counts as the JSON of a ``RevisionCounters``, made only after a change, and without models: each second
        all that were called are saved."""
        if self._text_of != self.changed:
            channels = [{"channel": c.value, **count.values()} for c, count in self.channels.items() if count.requests]
            counts = {"deployment_id": self.deployment_id, "revision": self.revision, "channels": channels}
            self._text, self._text_of = orjson.dumps(counts, option=orjson.OPT_NON_STR_KEYS), self.changed
        return self._text


class Meter:
    def __init__(self) -> None:
        self.position = 0  # grows with every change, so that a probe can ask for what changed since the one before
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
        return [count.since(position) for count in self._counts.values() if count.changed > position]

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
