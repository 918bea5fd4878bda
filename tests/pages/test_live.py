"""Many changes are one piece of news, and what nobody watches is not read."""

import asyncio

from blinker import Signal
from nicegui import ui
from nicegui.testing import User
from pytest import LogCaptureFixture

from nexdeck.models.actor import Actor
from nexdeck.pages.live import Feed
from nexdeck.services.catalog.service import AgentDetail
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.pages.conftest import ECHO
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
        feed.watch().tell(told.append)
    for number in range(100):
        signal.send(f"id-{number % 10}")
    await until(lambda: told == [10])
    assert len(reads) == 1
    with user.client:
        page.delete()
    signal.send("id-1")
    await asyncio.sleep(0.2)
    assert (told, feed.watchers) == ([10], [])


async def test_what_could_not_be_read_is_told_with_the_next_change(user: User, caplog: LogCaptureFixture) -> None:
    signal, told, is_broken = Signal(), [], [True]

    async def read(changed: set[str]) -> set[str]:
        if is_broken:
            raise LookupError(is_broken.pop())
        return changed

    feed = Feed([signal], read, 0.05)
    await user.open("/settings")
    with user.client, ui.element("div"):
        feed.watch().tell(told.append)
    signal.send("first")
    await until(lambda: not is_broken)
    await asyncio.sleep(0)
    signal.send("second")
    await until(lambda: told == [{"first", "second"}])
    signal.send("third")
    await until(lambda: told[1:] == [{"third"}])
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [LookupError]
    caplog.clear()


async def test_what_changes_while_a_page_reads_is_told_after_it(user: User) -> None:
    signal, told = Signal(), []

    async def read(changed: set[str]) -> set[str]:
        return changed

    feed = Feed([signal], read, 0.01)
    await user.open("/settings")
    with user.client, ui.element("div") as page:
        watch = feed.watch()
        signal.send("meanwhile")
        await asyncio.sleep(0.1)
        watch.tell(told.append)
        await until(lambda: told == [{"meanwhile"}])
        signal.send("later")
        await until(lambda: told[1:] == [{"later"}])
        page.delete()


async def test_a_page_shows_what_changed_while_it_was_built(user: User, studio: Studio, echo: str) -> None:
    look = studio.agents.get

    async def look_just_before_a_change(agent: str, *, actor: Actor) -> AgentDetail:
        studio.agents.get = look
        found = await look(agent, actor=actor)
        await studio.agents.add_version(agent, "echo.py", ECHO.replace("1.0.0", "1.1.0"), actor=ACTOR)
        return found

    studio.agents.get = look_just_before_a_change
    await user.open(f"/agents/{echo}")
    await until(lambda: {"1.0.0", "1.1.0"} <= {link.text for link in user.find(kind=ui.link).elements})
