"""What comes in within a moment is done together, so that a thousand small writes become a few transactions."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST = 25  # items in one batch: other writers wait for its end, and more would save little


class Batching(Generic[T, R]):
    """``await gathering.add(key, item)`` is the result of that item. What the work raises, everyone in the batch gets.

    A batch holds a key once; a second item of the same key goes into a later batch.
    """

    def __init__(self, work: Callable[[list[T]], Awaitable[list[R]]], seconds: float, most: int = MOST) -> None:
        """``work`` returns a result for each item, in their order; ``seconds``: how long the first waits for others."""
        self._work = work
        self._seconds = seconds
        self._most = most
        self._batch: dict[str, tuple[T, asyncio.Future[R]]] = {}
        self._task: asyncio.Task[list[R]] | None = None

    async def add(self, key: str, item: T) -> R:
        if self._task is None or key in self._batch or len(self._batch) >= self._most:
            self._batch = {}
            self._task = asyncio.create_task(self._do(self._batch), name="gathering")
            self._task.add_done_callback(partial(_settle, self._batch))
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._batch[key] = (item, result)
        return await result

    async def _do(self, batch: dict[str, tuple[T, asyncio.Future[R]]]) -> list[R]:
        await asyncio.sleep(self._seconds)
        if self._batch is batch:
            self._task = None
        return await self._work([item for item, _ in batch.values()])

    async def close(self) -> None:
        """Let go of what waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])


def _settle(batch: dict[str, tuple[T, asyncio.Future[R]]], done: asyncio.Task[list[R]]) -> None:
    for place, (_, waiting) in enumerate(batch.values()):
        if waiting.done():
            continue  # whoever waited was cancelled
        if done.cancelled():
            waiting.cancel()
        elif error := done.exception():
            waiting.set_exception(error)
        else:
            waiting.set_result(done.result()[place])
