"""Threads that can be left behind."""

import asyncio
import threading
import time

import pytest

from nexdeck.app.gateway.agents.threads import NoFreeThread, ThreadPool, run_in_own_thread


async def test_a_thread_is_left_behind_and_interrupted():
    pool, began, ended = ThreadPool(most=1), threading.Event(), threading.Event()

    def spin() -> None:
        try:
            began.set()
            while True:
                pass
        finally:
            ended.set()

    call = asyncio.create_task(pool.run(spin))
    assert await asyncio.to_thread(began.wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(ended.wait, 10)
    assert await pool.run(lambda: 5) == 5


async def test_threads_that_never_end_are_not_added_to_without_end():
    pool, free, began = ThreadPool(most=2), threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        began.release()
        free.wait()

    for _ in range(2):
        call = asyncio.create_task(pool.run(wait))
        assert await asyncio.to_thread(began.acquire, timeout=10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    with pytest.raises(NoFreeThread):
        await pool.run(lambda: 5)
    free.set()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert await pool.run(lambda: 5) == 5
            return
        except NoFreeThread:
            await asyncio.sleep(0.02)
    raise AssertionError("the threads did not come back")


async def test_own_threads_pass_results_and_errors_on():
    assert await run_in_own_thread(lambda: 5, 10) == 5
    with pytest.raises(SystemExit):
        await run_in_own_thread(lambda: (_ for _ in ()).throw(SystemExit(3)), 10)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await run_in_own_thread(lambda: next(iter(())), 10)
    with pytest.raises(TimeoutError):
        await run_in_own_thread(threading.Event().wait, 0.05)
