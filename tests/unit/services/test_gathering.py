"""What comes in within a moment is done together, each key once in a batch, and a failure reaches everyone in it."""

import asyncio

import pytest

from nexdeck.services.errors import StorageFailed
from nexdeck.services.platform.batching import MOST, Batching


class Work:
    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def double(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.begun.set()
        await self.may_end.wait()
        return [2 * item for item in items]


async def test_items_of_a_moment_are_one_batch_and_each_gets_its_own_result() -> None:
    work = Work()
    batching = Batching(work.double, 0.0)
    assert await asyncio.gather(*(batching.add(str(n), n) for n in range(5))) == [0, 2, 4, 6, 8]
    assert await batching.add("later", 7) == 14
    assert work.batches == [[0, 1, 2, 3, 4], [7]]


async def test_a_key_comes_once_in_a_batch_and_a_batch_is_bounded() -> None:
    work = Work()
    batching = Batching(work.double, 0.0)
    assert await asyncio.gather(batching.add("a", 1), batching.add("a", 2)) == [2, 4]
    assert work.batches == [[1], [2]]
    await asyncio.gather(*(batching.add(str(n), n) for n in range(MOST + 1)))
    assert [len(batch) for batch in work.batches[2:]] == [MOST, 1]


async def test_what_comes_while_a_batch_is_done_goes_into_the_next() -> None:
    work = Work()
    work.may_end.clear()
    batching = Batching(work.double, 0.0)
    first = asyncio.create_task(batching.add("a", 1))
    await work.begun.wait()
    work.begun.clear()
    second = asyncio.create_task(batching.add("b", 2))
    await work.begun.wait()
    work.may_end.set()
    assert (await first, await second) == (2, 4)


async def test_one_who_gives_up_takes_nothing_from_the_others_and_a_failure_reaches_all() -> None:
    async def fail(_: list[int]) -> list[int]:
        raise StorageFailed("The disk is full.")

    work = Work()
    batching = Batching(work.double, 0.01)
    impatient, patient = (asyncio.create_task(batching.add(key, 3)) for key in "ab")
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 6
    broken = Batching(fail, 0.0)
    for failure in await asyncio.gather(broken.add("a", 1), broken.add("b", 2), return_exceptions=True):
        with pytest.raises(StorageFailed):
            raise failure
    await broken.close()
