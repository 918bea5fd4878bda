"""What comes in within a moment is done together, so that a thousand small writes become a few transactions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST = 100  # items in one batch: other writers wait for its end, and more would save little


class Gathering(Generic[T, R]):
    """``await gathering.add(key, item)`` is the result of that item. What the work raises, everyone in the batch gets.

    A batch holds a key once; a second item of the same key goes into a later batch.
    """

    def __init__(self, work: Callable[[list[T]], Awaitable[list[R]]], seconds: float) -> None:
        """``work`` returns a result for each item, in their order; ``seconds``: how long the first waits for others."""
        self._work = work
        self._seconds = seconds
        self._batch: dict[str, T] = {}
        self._task: asyncio.Task[dict[str, R]] | None = None

    async def add(self, key: str, item: T) -> R:
        if self._task is None or key in self._batch or len(self._batch) >= MOST:
            self._batch = {}
            self._task = asyncio.create_task(self._do(self._batch), name="gathering")
        self._batch[key] = item
        return (await asyncio.shield(self._task))[key]

    async def _do(self, batch: dict[str, T]) -> dict[str, R]:
        await asyncio.sleep(self._seconds)
        if self._batch is batch:
            self._task = None
        return dict(zip(batch, await self._work(list(batch.values())), strict=True))

    async def close(self) -> None:
        """Let go of what waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
