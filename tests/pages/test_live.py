"""Many changes are one piece of news, and what nobody watches is not read."""

import asyncio

from blinker import Signal
from nicegui import ui
from nicegui.testing import User

from pages.live import Feed
from tests.pages.waiting import until


async def test_a_burst_of_changes_is_read_and_told_once(user: User) -> None:
    signal, reads, told = Signal(), [], []

    async def read(changed: set[str]) -> int:
        reads.append(changed)
        return len(changed)

    feed = Feed([signal], read, 0.05)
    signal.send("unseen")
    await user.open("/settings")
    with user.client, ui.element("div") as page:
        feed.watch(told.append)
    for number in range(100):
        signal.send(f"id-{number % 10}")
    await until(lambda: told == [10])
    assert len(reads) == 1
    with user.client:
        page.delete()
    signal.send("id-1")
    await asyncio.sleep(0.2)
    assert (told, feed.watchers) == ([10], [])
