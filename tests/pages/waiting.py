"""Waiting for what has to come true, on a slow machine too."""

import asyncio
from collections.abc import Callable

SECONDS = 10.0


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(int(SECONDS / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come true")
