"""A gateway of our own is excused for a while from the first start of its process on, not from the last one."""

import time

from nexdeck.services.gateways.startup_grace import ComingUp


def test_the_excuse_ends_and_another_start_does_not_prolong_it() -> None:
    coming_up = ComingUp(patience_seconds=0.2)
    assert not coming_up.excuses("gtw_1")
    coming_up.begin("gtw_1")
    assert coming_up.excuses("gtw_1")
    assert not coming_up.excuses("gtw_2")
    deadline = time.monotonic() + 30
    while coming_up.excuses("gtw_1"):
        coming_up.begin("gtw_1")
        assert time.monotonic() < deadline
    coming_up.end("gtw_1")
    coming_up.begin("gtw_1")
    assert coming_up.excuses("gtw_1"), "it was up in between"


def test_only_the_boot_that_came_of_the_start_was_asked_for() -> None:
    coming_up = ComingUp()
    coming_up.answers("gtw_1", "before", is_ready=True)
    coming_up.begin("gtw_1")
    coming_up.answers("gtw_1", "asked", is_ready=False)
    assert coming_up.was_asked_for("gtw_1", "asked")
    coming_up.answers("gtw_1", "asked", is_ready=True)
    coming_up.answers("gtw_1", "by itself", is_ready=True)
    boots = ("before", "asked", "by itself")
    assert [coming_up.was_asked_for("gtw_1", boot) for boot in boots] == [False, True, False]
