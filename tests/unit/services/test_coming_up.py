"""A gateway of our own is excused for a while from the first start of its process on, not from the last one."""

import time

from nexdeck.services.gateways.startup_grace import StartupGrace


def test_the_excuse_ends_and_another_start_does_not_prolong_it() -> None:
    startup_grace = StartupGrace(patience_seconds=0.2)
    assert not startup_grace.excuses("gtw_1")
    startup_grace.begin("gtw_1")
    assert startup_grace.excuses("gtw_1")
    assert not startup_grace.excuses("gtw_2")
    deadline = time.monotonic() + 30
    while startup_grace.excuses("gtw_1"):
        startup_grace.begin("gtw_1")
        assert time.monotonic() < deadline
    startup_grace.end("gtw_1")
    startup_grace.begin("gtw_1")
    assert startup_grace.excuses("gtw_1"), "it was up in between"


def test_only_the_boot_that_came_of_the_start_was_asked_for() -> None:
    startup_grace = StartupGrace()
    startup_grace.answers("gtw_1", "before", is_ready=True)
    startup_grace.begin("gtw_1")
    startup_grace.answers("gtw_1", "asked", is_ready=False)
    assert startup_grace.was_asked_for("gtw_1", "asked")
    startup_grace.answers("gtw_1", "asked", is_ready=True)
    startup_grace.answers("gtw_1", "by itself", is_ready=True)
    boots = ("before", "asked", "by itself")
    assert [startup_grace.was_asked_for("gtw_1", boot) for boot in boots] == [False, True, False]
