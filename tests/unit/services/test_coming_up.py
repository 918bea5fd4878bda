"""A gateway of our own is excused for a while from the first start of its process on, not from the last one."""

import time

from services.coming_up import ComingUp


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
