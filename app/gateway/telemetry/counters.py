"""What is counted of one revision's calls: plain numbers that a call adds to in a microsecond."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.ground.problems import LIMIT_CODES
from nexdeck.models.histogram import key_of
from nexdeck.models.wire import Channel, ChannelCounters, RevisionCounters


@dataclass(slots=True, eq=False)
class ChannelCount:
    """As ``ChannelCounters``, which is what it becomes on the wire.

    ``changed`` is the meter's position at the last change, ``changes`` that of each bucket.
    """

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
    changes: dict[int, int] = field(default_factory=dict)
    changed: int = 0

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

    def wire(self, channel: Channel, after: int) -> ChannelCounters:
        """Of the buckets only those that changed after the position: a few of a hundred, mostly."""
        changed = {key: count for key, count in self.buckets.items() if self.changes[key] > after}
        return ChannelCounters(channel=channel, **self.values() | {"buckets": changed})

    def values(self) -> dict[str, Any]:
        """Those that are not zero."""
        return {name: value for name in COUNTED if (value := getattr(self, name))}


COUNTED = [name for name in ChannelCounters.__annotations__ if name != "channel"]


@dataclass(slots=True, eq=False)
class RevisionCount:
    """``changed`` is the meter's position at the last change; ``retired``: its revision is not loaded any more."""

    deployment_id: str
    name: str
    revision: int
    changed: int = 0
    in_flight: int = 0
    retired: bool = False
    channels: dict[Channel, ChannelCount] = field(default_factory=lambda: {c: ChannelCount() for c in Channel})
    _text: bytes = b""
    _text_of: int | None = None  # what ``changed`` was when the text was made

    def wire(self, after: int) -> RevisionCounters:
        """What was counted after the position."""
        called = [count.wire(channel, after) for channel, count in self.channels.items() if count.changed > after]
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
