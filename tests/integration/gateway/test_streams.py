"""Agents that answer piece by piece: as events, as progress, as one answer; and what ends them early."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.gateway_process import wait_for
from tests.integration.gateway.test_mcp import connected

EVENTS = {"Accept": "text/event-stream"}
WORDS = """
async def agent(n: int = 3):
    for number in range(n):
        yield f"word {number}. "
"""
STEPS = """
def agent(fail_at: int = -1):
    yield "looking "
    for number in range(3):
        if number == fail_at:
            raise ValueError("no more")
        yield {"step": number}
"""
ENDLESS = """
import asyncio
async def agent():
    try:
        while True:
            yield "tick"
            await asyncio.sleep(0.01)
    finally:
        print("it was closed")
"""
ENDLESS_SYNC = ENDLESS.replace("async def", "def").replace("await asyncio.sleep", "__import__('time').sleep")


def events_of(answer: httpx.Response) -> list[tuple[str, object]]:
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    return list(parse(answer.iter_lines()))


def parse(lines: Iterator[str]) -> Iterator[tuple[str, object]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])


@contextmanager
def streaming(gateway, name: str, **inputs) -> Iterator[Iterator[tuple[str, object]]]:
    path = f"/workflows/{name}/execute"
    with gateway.http.stream("POST", path, json={"inputs": inputs}, headers=EVENTS) as answer:
        yield parse(answer.iter_lines())


async def test_texts_are_joined_on_every_channel(gateway):
    gateway.deploy("words", WORDS)
    whole = {"result": "word 0. word 1. word 2. "}
    assert gateway.output("words") == whole
    events = events_of(gateway.call("words", {}, **EVENTS))
    assert events[:-1] == [("chunk", f"word {number}. ") for number in range(3)]
    name, answer = events[-1]
    assert (name, answer["outputs"]["agent"]["result"], answer["workflow_id"]) == ("result", whole, "words")
    by_mode = gateway.http.post("/workflows/words/execute", json={"inputs": {}, "mode": "stream"})
    assert [name for name, _ in events_of(by_mode)] == ["chunk", "chunk", "chunk", "result"]
    told: list[str | None] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with connected(gateway, "/mcp/words") as client:
        result = await client.session.call_tool("words", {}, progress_callback=progress)
        assert result.structuredContent == whole
    assert told == [f"word {number}. " for number in range(3)]


def test_otherwise_the_last_piece_is_the_answer(gateway):
    gateway.deploy("steps", STEPS)
    assert gateway.output("steps") == {"step": 2}
    events = events_of(gateway.call("steps", {}, **EVENTS))
    assert [data for name, data in events if name == "chunk"] == ["looking ", {"step": 0}, {"step": 1}, {"step": 2}]
    assert events[-1][1]["outputs"]["agent"]["result"] == {"step": 2}


def test_an_agent_that_answers_at_once_can_be_asked_for_events_too(gateway):
    gateway.deploy("at-once", "def agent(a: int):\n    return {'a': a}\n")
    ((name, answer),) = events_of(gateway.call("at-once", {"a": 1}, **EVENTS))
    assert (name, answer["outputs"]["agent"]["result"]) == ("result", {"a": 1})
    assert gateway.call("at-once", {"a": 1}, Accept="application/json, text/event-stream").json()["outputs"]


def test_a_failure_has_a_status_before_the_first_piece_and_is_an_event_after_it(gateway):
    schema = {"type": "object", "properties": {"fail_at": {"type": "integer"}}}
    gateway.deploy("steps", STEPS, 2, input_schema=schema)
    answer = gateway.call("steps", {"fail_at": "x"}, **EVENTS)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    events = events_of(gateway.call("steps", {"fail_at": 1}, **EVENTS))
    assert [name for name, _ in events] == ["chunk", "chunk", "error"]
    problem = events[-1][1]
    assert (problem["status"], problem["code"], problem["detail"]) == (500, "agent_failed", "ValueError: no more")
    assert problem["request_id"]
    assert gateway.call("steps", {"fail_at": 1}).status_code == 500
    gateway.deploy("odd", "def agent():\n    yield 'a'\n    yield object()\n")
    assert events_of(gateway.call("odd", {}, **EVENTS))[-1][1]["code"] == "invalid_output"


@pytest.mark.parametrize("source", [ENDLESS, ENDLESS_SYNC], ids=["async", "sync"])
def test_a_caller_that_goes_away_ends_the_agent(gateway, source):
    name = "endless-async" if source is ENDLESS else "endless-sync"
    gateway.deploy(name, source, limits={"max_concurrency": 1})
    with streaming(gateway, name) as events:
        assert next(events) == ("chunk", "tick")
        refused = gateway.call(name, {}, **EVENTS)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    wait_for(lambda: any("it was closed" in line for line in gateway.messages(name)))
    wait_for(lambda: gateway.deployment(name)["live"]["in_flight"] == 0)
    wait_for(lambda: any("499" in line for line in gateway.messages(name)))
    counters = gateway.deployment(name)["counters"]
    assert (counters["requests"], counters["errors"]) == (2, 0)


@pytest.mark.parametrize("source", [ENDLESS, ENDLESS_SYNC], ids=["async", "sync"])
def test_the_timeout_ends_it_too(gateway, source):
    name = "timed-async" if source is ENDLESS else "timed-sync"
    gateway.deploy(name, source, limits={"timeout_seconds": 0.3})
    with streaming(gateway, name) as events:
        *chunks, (last, problem) = events
    assert {event for event, _ in chunks} == {"chunk"}
    assert (last, problem["status"], problem["code"]) == ("error", 504, "timeout")
    assert gateway.call(name, {}).status_code == 504
    wait_for(lambda: sum("it was closed" in line for line in gateway.messages(name)) == 2)
    assert gateway.deployment(name)["counters"]["errors"] == 2
