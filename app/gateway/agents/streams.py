"""Agents that answer piece by piece: async generators, and plain ones, which run in threads.

Pieces that are all texts make one text together; otherwise the last piece is the answer, and those before it tell how
it comes along. So every channel gets the same final answer, whether it shows the pieces or not.
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
OnPiece = Callable[[Any], Awaitable[None]]
CLOSE_SECONDS = 5.0  # for what an agent still does after nobody wants its pieces any more
_END = object()


def streamer(function: Callable[..., Any], threads: ThreadPool) -> Stream | None:
    """How to get the pieces of a function that yields; None for one that answers at once."""
    if inspect.isasyncgenfunction(function):
        return lambda inputs: function(**inputs)
    if inspect.isgeneratorfunction(function):
        return lambda inputs: _in_threads(function(**inputs), threads)
    return None


async def collect(pieces: AsyncGenerator[Any, None], on_piece: OnPiece | None = None) -> Any:
    """The answer that the pieces make; ``on_piece`` gets each as it comes. However this ends, the agent ends too."""
    texts: list[str] | None = []
    last: Any = ""
    async with _closed_at_the_end(pieces):
        async for piece in pieces:
            last = piece
            if not isinstance(piece, str):
                texts = None
            elif texts is not None:
                texts.append(piece)
            if on_piece is not None:
                await on_piece(piece)
    return last if texts is None else "".join(texts)


@asynccontextmanager
async def _closed_at_the_end(pieces: AsyncGenerator[Any, None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        # RuntimeError: it went on yielding, or a thread that was left behind is still inside it
        with contextlib.suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await pieces.aclose()


async def _in_threads(generator: Generator[Any, Any, Any], threads: ThreadPool) -> AsyncGenerator[Any, None]:
    try:
        while (piece := await threads.run(partial(next, generator, _END))) is not _END:
            yield piece
    finally:
        with contextlib.suppress(ValueError):  # a thread that was left behind is still inside it
            await threads.run(generator.close)
