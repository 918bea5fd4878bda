"""Live pages: what a service says has changed reaches the open pages, coalesced, and only while they are open."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from blinker import Signal
from nicegui import background_tasks, ui

from services.deployment_views import DeploymentCounts, DeploymentSummary
from services.errors import NotFound
from services.studio import Studio

T = TypeVar("T")
COALESCE_SECONDS = 0.1  # changes that follow each other faster than that reach a page as one


class Feed(Generic[T]):
    """Collects the ids that a signal sends, reads once what became of them, and hands that to every watcher."""

    def __init__(self, signal: Signal, read: Callable[[set[str]], Awaitable[T]]) -> None:
        self._read = read
        self._changed: set[str] = set()
        self._busy = False
        self.watchers: list[Watch[T]] = []
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
                await asyncio.sleep(COALESCE_SECONDS)
                changed, self._changed = self._changed, set()
                news = await self._read(changed)
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


@dataclass(frozen=True)
class DeploymentNews:
    """``changed``: id → how it is now, None when it is gone; ``counts``: of all deployments."""

    changed: dict[str, DeploymentSummary | None]
    counts: DeploymentCounts


@dataclass(frozen=True)
class Feeds:
    deployments: Feed[DeploymentNews]
    gateways: Feed[set[str]]
    agents: Feed[set[str]]

    @classmethod
    def of(cls, studio: Studio) -> "Feeds":
        async def read(changed: set[str]) -> DeploymentNews:
            summaries = {id_: await _summary_or_none(studio, id_) for id_ in changed}
            return DeploymentNews(summaries, await studio.deployments.counts())

        return cls(
            Feed(studio.changes.deployment, read),
            Feed(studio.changes.gateway, _as_they_are),
            Feed(studio.changes.agent, _as_they_are),
        )


async def _summary_or_none(studio: Studio, deployment_id: str) -> DeploymentSummary | None:
    try:
        return await studio.deployments.summary(deployment_id)
    except NotFound:
        return None


async def _as_they_are(changed: set[str]) -> set[str]:
    return changed
