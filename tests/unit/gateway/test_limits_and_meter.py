"""Limits of a revision, what is counted of its calls, and threads that can be left behind."""

import asyncio
import threading
import time

import pytest
from pydantic import TypeAdapter

from nexdeck.app.gateway.agents.threads import NoFreeThread, ThreadPool, run_in_own_thread
from nexdeck.app.gateway.control.exposition import Exposition
from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving import limits
from nexdeck.app.gateway.serving.limits import Gate
from nexdeck.app.gateway.telemetry.meter import Meter, RevisionMeter
from nexdeck.models.choices import Channel
from nexdeck.models.counters import Counters, RevisionCounters
from nexdeck.models.manifest import Limits
from tests.prometheus import faults_of


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


def count(revision: RevisionMeter, status: int, code: str | None = None, tokens: Tokens | None = None) -> None:
    revision.began()
    revision.ended(Channel.API, status, code, 0.25, tokens or Tokens())


def test_each_call_is_counted_in_one_class():
    meter = Meter()
    revision = meter.for_revision("id", "a", 1)
    limit, stuck = "too_many_calls", "agent_stuck"
    answers = [(200, None), (422, "invalid_input"), (429, "rate_limited"), (503, limit), (503, stuck), (504, "timeout")]
    for status, code in [*answers, (499, None)]:
        count(revision, status, code)
    [counted] = meter.changed_after(0)[0]["channels"]
    assert (counted["client_errors"], counted["refused"], counted["errors"]) == (1, 2, 1)
    assert (counted["timeouts"], counted["cancelled"], counted["requests"]) == (1, 1, 7)
    assert (counted["latency_ms_sum"], counted["latency_ms_min"], counted["latency_ms_max"]) == (1750, 250, 250)
    assert sum(counted["buckets"].values()) == 7
    assert meter.totals()["id"] == Counters(requests=7, errors=2, latency_ms_sum=1750)


def test_what_changed_is_told_and_outlives_its_revision():
    meter = Meter()
    one, two = meter.for_revision("id", "a", 1), meter.for_revision("id", "a", 2)
    count(one, 200)
    seen = meter.position
    assert [counters["revision"] for counters in meter.changed_after(0)] == [1]
    assert meter.changed_after(seen) == []
    meter.retire("id", 2)
    count(two, 200)  # a call that ends after its revision was forgotten
    assert [counters["revision"] for counters in meter.changed_after(seen)] == [2]
    count(meter.for_revision("id", "a", 1), 500)  # loaded again, it goes on
    assert meter.changed_after(seen)[0]["channels"][0]["requests"] == 2


def test_what_is_saved_is_what_is_told():
    meter = Meter()
    revision = meter.for_revision("id", "a", 1)
    for status, code in ((200, None), (504, "timeout")):
        count(revision, status, code, Tokens(2**31 - 1, 5, 0.25))
        [counted], [told] = meter.counts(), meter.changed_after(0)
        assert TypeAdapter(RevisionCounters).validate_json(counted.text()) | {"in_flight": 0} == told


def test_a_call_has_no_more_tokens_than_the_control_plane_takes():
    tokens = Tokens()
    for _ in range(2):
        tokens.add({"input_tokens": 2**31 - 1, "output_tokens": None})
    assert (tokens.read, tokens.written) == (2**31 - 1, None)


def test_what_is_retired_is_bounded(monkeypatch):
    monkeypatch.setattr("nexdeck.app.gateway.telemetry.meter.MOST_RETIRED", 2)
    meter = Meter()
    for number in range(1, 6):
        count(meter.for_revision("id", "a", number), 200)
        meter.retire("id", number)
    assert [counters["revision"] for counters in meter.changed_after(0)] == [4, 5]


def test_the_exposition_shows_what_is_loaded_and_keeps_prometheus_rules():
    meter = Meter()
    exposition = Exposition(meter, "1.0")
    one, two = meter.for_revision("id", "a", 1), meter.for_revision("id", "a", 2)
    for revision, status, code in ((one, 200, None), (one, 504, "timeout"), (two, 422, "invalid_input")):
        count(revision, status, code, Tokens(7, 5))
    one.began()
    text = exposition.text().decode()
    assert 'nexdeck_requests_total{channel="api",deployment="a",outcome="timeouts",revision="1"} 1.0' in text
    assert 'nexdeck_request_seconds_bucket{channel="api",deployment="a",le="0.256",revision="1"} 2.0' in text
    assert 'nexdeck_request_seconds_bucket{channel="api",deployment="a",le="0.128",revision="1"} 0.0' in text
    assert 'nexdeck_requests_in_flight{deployment="a",revision="1"} 1.0' in text
    assert 'nexdeck_model_tokens_total{channel="api",deployment="a",direction="in",revision="1"} 14.0' in text
    assert faults_of(text) == []
    meter.retire("id", 1)
    assert 'revision="1"' not in exposition.text().decode()


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
