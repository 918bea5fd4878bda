"""Limits of a revision, what is counted of its calls, and threads that can be left behind."""

import asyncio
import threading
import time

import pytest

from app.gateway import limits
from app.gateway.limits import Gate
from app.gateway.meter import Meter
from app.gateway.problems import GatewayProblem
from app.gateway.threads import NoFreeThread, ThreadPool, run_in_own_thread
from models.wire import Counters, Limits


def test_concurrency():
    gate = Gate(Limits(max_concurrency=2))
    gate.enter()
    gate.enter()
    with pytest.raises(GatewayProblem) as refused:
        gate.enter()
    assert (refused.value.status_code, refused.value.headers["Retry-After"]) == (503, "1")
    gate.leave()
    gate.enter()
    assert gate.in_flight == 2


def test_the_rate_is_refilled_evenly(monkeypatch):
    now = 0.0
    monkeypatch.setattr(limits, "monotonic", lambda: now)
    gate = Gate(Limits(rate_limit_per_minute=3))
    for _ in range(3):
        gate.enter()
    with pytest.raises(GatewayProblem) as refused:
        gate.enter()
    assert (refused.value.status_code, refused.value.headers["Retry-After"]) == (429, "20")
    assert gate.in_flight == 3
    gate.enter(metered=False)
    now = 20.0
    gate.enter()
    with pytest.raises(GatewayProblem):
        gate.enter()
    now = 3600.0
    for _ in range(3):
        gate.enter()


def test_calls_are_counted_and_forgotten():
    meter, counters = Meter(), Counters()
    one, two = meter.for_revision("a", 1, counters), meter.for_revision("a", 2, counters)
    for revision, status in ((one, 200), (one, 504), (two, 422)):
        revision.began()
        revision.ended("api", status, 0.25)
    assert (counters.requests, counters.errors, counters.latency_ms_sum) == (3, 1, 750)
    text = meter.exposition().decode()
    assert 'nexdeck_requests_total{channel="api",deployment="a",revision="1",status_class="5xx"} 1.0' in text
    meter.forget("a", 1)
    assert 'revision="1"' not in meter.exposition().decode()
    meter.forget("a")
    assert "deployment" not in meter.exposition().decode()
    two.ended("api", 200, 0.1)  # a call that ends after its series are gone


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
