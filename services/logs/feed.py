"""Lines that just arrived, for those who watch a deployment live. In process, bounded, and never waiting for anyone."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from nexdeck.models.log import LogEntry

MOST_WAITING = 20_000  # lines that a watcher may be behind


@dataclass(eq=False)
class Subscription:
    """What one watcher has not taken yet. ``missed`` tells that it was too slow and lines were let go."""

    deployment_id: str
    missed: bool = False
    closed: bool = False
    _waiting: deque[LogEntry] = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, seconds: float) -> list[LogEntry]:
        """Everything that waits, as soon as there is something; nothing after ``seconds``, or once it is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return []
        if not self.closed:
            self._news.clear()
        lines = list(self._waiting)
        self._waiting.clear()
        return lines

    def hand(self, lines: Iterable[LogEntry]) -> None:
        self._waiting.extend(lines)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self.missed = True
        self._news.set()

    def close(self) -> None:
        self.closed = True
        self._news.set()


class LogFeed:
    def __init__(self) -> None:
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self._closed = False

    @property
    def is_watched(self) -> bool:
        return bool(self._subscriptions)

    def subscribe(self, deployment_id: str) -> Subscription:
        subscription = Subscription(deployment_id)
        self._subscriptions[deployment_id].add(subscription)
        if self._closed:
            subscription.close()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        watchers = self._subscriptions[subscription.deployment_id]
        watchers.discard(subscription)
        if not watchers:
            del self._subscriptions[subscription.deployment_id]
        subscription.close()

    def publish(self, lines: list[LogEntry]) -> None:
        by_deployment: dict[str, list[LogEntry]] = defaultdict(list)
        if self._subscriptions:
            for line in lines:
                by_deployment[line.deployment_id].append(line)
        for deployment_id, of_it in by_deployment.items():
            for subscription in self._subscriptions.get(deployment_id, ()):
                subscription.hand(of_it)

    def close(self) -> None:
        """End every watch, so that nothing holds up a shutdown."""
        self._closed = True
        for subscription in [s for watchers in self._subscriptions.values() for s in watchers]:
            subscription.close()
