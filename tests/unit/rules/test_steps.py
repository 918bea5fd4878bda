"""The steps of an orchestration are read from the very lines that it writes."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest

from nexdeck.models.log import LogEntry
from nexdeck.services.catalog.codegen.fragments import STEP
from nexdeck.services.rules.steps import LOGGER, StepEnd, steps_of


def line(message: str, logger: str = LOGGER) -> LogEntry:
    return LogEntry(1, "dep", datetime.now(UTC), "INFO", 1, "r", logger, message, None)


async def fast(**_) -> dict:
    return {}


async def slow(**_) -> dict:
    await asyncio.sleep(30)


def broken(**_) -> dict:
    raise ValueError("no such\norder: (17)")


async def test_each_end_of_a_step_is_read_as_it_is_written(caplog: pytest.LogCaptureFixture) -> None:
    members = {"a@1.0.0": fast, "b@2.0.0": broken, "c@1.0.0": slow}
    names = {"MEMBERS": members, "log": logging.getLogger(LOGGER)}
    exec("import asyncio, dataclasses, inspect, time\n" + STEP, names)
    caplog.set_level(logging.INFO)
    await names["step"]("first", "a@1.0.0", {})
    with pytest.raises(RuntimeError):
        await names["step"]("second", "b@2.0.0", {})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(names["step"]("third", "c@1.0.0", {}), 0.05)
    entries = [
        line(record.getMessage())._replace(time=datetime.fromtimestamp(record.created, UTC))
        for record in caplog.records
        if record.name == LOGGER
    ]
    steps = steps_of(reversed(entries))
    assert [(step.name, step.member, step.status, step.error) for step in steps] == [
        ("first", "a@1.0.0", StepEnd.SUCCEEDED, None),
        ("second", "b@2.0.0", StepEnd.FAILED, "no such\norder: (17)"),
        ("third", "c@1.0.0", StepEnd.ENDED, None),
    ]
    assert steps[2].milliseconds >= 50


def test_other_lines_are_no_steps() -> None:
    assert steps_of([line("step a (b@1) took 1.0 ms", "print"), line("step by step"), line("step x took 1.0 ms")]) == []


def test_a_failure_of_a_module_that_tells_no_time() -> None:
    (step,) = steps_of([line("step a (b@1.0.0) failed: why")])
    assert (step.status, step.error, step.milliseconds) == (StepEnd.FAILED, "why", 0.0)
