"""Live pages: what a service says has changed reaches the open pages, coalesced, and only while they are open.

What many pages show is read once for all of them, however many are open.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from blinker import Signal
from nicegui import background_tasks, ui

T = TypeVar("T")
Receiver = Callable[[T], Awaitable[None] | None]
AT_ONCE = 0.1  # seconds; changes that follow each other faster than that reach a page as one
SOON = 0.5
MOST_KEPT = 100  # news that come while a page is being built: ten seconds' worth


class Feed(Generic[T]):
    """Collects the ids that signals send, reads once what became of it all, and hands that to every watcher."""

    def __init__(self, signals: Sequence[Signal], read: Callable[[set[str]], Awaitable[T]], pause: float) -> None:
        self._read = read
        self._pause = pause
        self._changed: set[str] = set()
        self._unread: set[str] = set()  # keeps what a read that fails was about, for the next one
        self._busy = False
        self.watchers: list[Watch[T]] = []
        for signal in signals:
            signal.connect(self._note, weak=False)

    def watch(self) -> "Watch[T]":
        """From now on until the element that is being built is deleted. A page begins to watch *before* it reads what
        it shows first, and says who is told of news after that: so it misses nothing in between."""
        return Watch(self)

    def _note(self, changed: str) -> None:
        if not self.watchers:
            return
        self._changed.add(changed)
        if not self._busy:
            self._busy = True
            background_tasks.create(self._deliver(), name="deliver changes to pages")

    async def _deliver(self) -> None:
        try:
            while self._changed:
                await asyncio.sleep(self._pause)
                self._unread |= self._changed
                self._changed = set()
                news = await self._read(set(self._unread))
                self._unread.clear()
                for watch in list(self.watchers):
                    watch.hand(news)
        finally:
            self._busy = False


class Watch(ui.element, Generic[T]):
    """An invisible element that watches a feed: deleted with what surrounds it, it watches no longer."""

    def __init__(self, feed: Feed[T]) -> None:
        super().__init__("span")
        self.set_visibility(False)
        self._feed = feed
        self._receive: Receiver[T] | None = None
        self._kept: deque[T] = deque(maxlen=MOST_KEPT)
        feed.watchers.append(self)

    def tell(self, receive: Receiver[T]) -> None:
        """Call it with the news that came since the watch began, and with all that come."""
        self._receive = receive
        while self._kept:
            self.hand(self._kept.popleft())

    def hand(self, news: T) -> None:
        if self._receive is None:
            self._kept.append(news)
        elif not self.is_deleted:
            background_tasks.create(self._run(self._receive, news), name="show changes", context=self.parent_slot)

    async def _run(self, receive: Receiver[T], news: T) -> None:
        result = receive(news)
        if result is not None:
            await result

    def _handle_delete(self) -> None:
        self._feed.watchers.remove(self)
        super()._handle_delete()
