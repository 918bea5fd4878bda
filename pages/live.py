"""Live pages: what a service says has changed reaches the open pages, coalesced, and only while they are open.

What many pages show is read once for all of them, however many are open.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from blinker import Signal
from nicegui import background_tasks, ui

T = TypeVar("T")
AT_ONCE = 0.1  # seconds; changes that follow each other faster than that reach a page as one
SOON = 0.5


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

    def watch(self, receive: Callable[[T], Awaitable[None] | None]) -> "Watch[T]":
        """Call ``receive`` with the news until the element that is being built is deleted."""
        return Watch(self, receive)

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

    def __init__(self, feed: Feed[T], receive: Callable[[T], Awaitable[None] | None]) -> None:
        super().__init__("span")
        self.set_visibility(False)
        self._feed = feed
        self._receive = receive
        feed.watchers.append(self)

    def hand(self, news: T) -> None:
        if not self.is_deleted:
            background_tasks.create(self._run(news), name="show changes", context=self.parent_slot)

    async def _run(self, news: T) -> None:
        result = self._receive(news)
        if result is not None:
            await result

    def _handle_delete(self) -> None:
        self._feed.watchers.remove(self)
        super()._handle_delete()
