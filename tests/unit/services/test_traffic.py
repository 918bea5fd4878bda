"""The windows of traffic that health goes by."""

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from nexdeck.models.base import now
from nexdeck.models.metrics import Amounts
from nexdeck.services.metrics.recent_traffic import TrafficWindows

AT = now()


def test_trouble_of_a_revision_that_is_promoted_is_not_forgotten() -> None:
    """Its good calls get old without any new one, and then its failures weigh more."""
    windows = TrafficWindows()
    windows.add("dep", 2, Amounts(requests=30), AT)
    windows.add("dep", 2, Amounts(requests=20, errors=1), AT + timedelta(seconds=20))
    windows.add("dep", 1, Amounts(requests=30), AT + timedelta(seconds=20))
    windows.seen("dep", 1, AT + timedelta(seconds=21), None)
    assert not windows.troubled
    assert windows.seen("dep", 2, AT + timedelta(seconds=30), None).error_rate == 1 / 50
    assert windows.troubled == {"dep"}
    assert windows.seen("dep", 2, AT + timedelta(seconds=310), None).error_rate == 1 / 20


@pytest.fixture
def _hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty_threads")
def test_calls_come_in_while_a_thread_judges() -> None:
    windows, clock, is_over = TrafficWindows(), [AT], threading.Event()

    def call() -> None:
        for second in count():
            if is_over.is_set():
                return
            clock[0] = AT + timedelta(seconds=second)
            buckets = {(second * 7 + step * 31) % 660: 1 for step in range(30)}
            windows.add("dep", 1, Amounts(requests=30, buckets=buckets), clock[0])

    thread = threading.Thread(target=call)
    thread.start()
    try:
        for _ in range(500):
            windows.seen("dep", 1, clock[0], 100.0)
    finally:
        is_over.set()
        thread.join()
