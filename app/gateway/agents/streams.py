"""Agents that answer chunk by chunk: async generators, and plain ones, which run in threads.

Chunks that are all texts make one text together; otherwise the last chunk is the answer, and those before it tell how
it comes along. So every channel gets the same final answer, whether it shows the chunks or not.
"""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from nexdeck.app.gateway.agents.threads import ThreadPool

Stream = Callable[[dict[str, Any]], AsyncGenerator[Any, None]]
OnChunk = Callable[[Any], Awaitable[None]]
CLOSE_SECONDS = 5.0  # for what an agent still does after nobody wants its chunks any more
_END = object()


def streamer(function: Callable[..., Any], threads: ThreadPool) -> Stream | None:
    """How to get the chunks of a function that yields; None for one that answers at once."""
    if inspect.isasyncgenfunction(function):
        return lambda inputs: function(**inputs)
    if inspect.isgeneratorfunction(function):
        return lambda inputs: _in_threads(function(**inputs), threads)
    return None


async def collect(chunks: AsyncGenerator[Any, None], on_chunk: OnChunk | None = None) -> Any:
    """The answer that the chunks make; ``on_chunk`` gets each as it comes. However this ends, the agent ends too."""
    texts: list[str] | None = []
    last: Any = ""
    async with _closed_at_the_end(chunks):
        async for chunk in chunks:
            last = chunk
            if not isinstance(chunk, str):
                texts = None
            elif texts is not None:
                texts.append(chunk)
            if on_chunk is not None:
                await on_chunk(chunk)
    return last if texts is None else "".join(texts)


@asynccontextmanager
async def _closed_at_the_end(chunks: AsyncGenerator[Any, None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        # RuntimeError: it went on yielding, or a thread that was left behind is still inside it
        with contextlib.suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await chunks.aclose()


async def _in_threads(generator: Generator[Any, Any, Any], threads: ThreadPool) -> AsyncGenerator[Any, None]:
    try:
        while (chunk := await threads.run(partial(next, generator, _END))) is not _END:
            yield chunk
    finally:
        with contextlib.suppress(ValueError):  # a thread that was left behind is still inside it
            await threads.run(generator.close)
