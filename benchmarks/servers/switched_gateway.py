"""The real gateway, which stops counting and counts again by turns, and notes how many calls it answered in each turn.

``python -m benchmarks.servers.switched_gateway NOTES …`` with the options of a gateway; the file NOTES gets a line of
JSON for each turn. One process for both, in short turns: two processes of the same program, or two seconds of a shared
machine, differ by more than counting costs.
"""

import json
import signal
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from nexdeck.app.gateway.__main__ import main
from nexdeck.app.gateway.telemetry.call_buffer import CallBuffer
from nexdeck.app.gateway.telemetry.counter_export import CounterExport
from nexdeck.app.gateway.telemetry.meter import RevisionMeter

TURN_SECONDS = 0.02
ORDER = (True, False, False, True, False, True, True, False)  # what grows steadily adds as much to either side


class Turns:
    """A timer's signal ends each turn: it comes whatever the event loop is at."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes.open("wb", buffering=0)  # a line at a time, even where one signal comes upon another
        self._order = cycle(ORDER)
        self._counting = True
        self._calls = 0
        self._began = self._now()

    def begin(self) -> None:
        RevisionMeter.began = self._in_its_turn(RevisionMeter.began)
        RevisionMeter.ended = self._in_its_turn(RevisionMeter.ended)
        CounterExport.save = self._saved_in_its_turn(CounterExport.save)
        CallBuffer.write = self._noted(CallBuffer.write)
        signal.signal(signal.SIGALRM, lambda *_: self._end_turn())
        signal.setitimer(signal.ITIMER_REAL, TURN_SECONDS, TURN_SECONDS)

    def _end_turn(self) -> None:
        seconds, cpu, calls = (after - before for after, before in zip(self._now(), self._began, strict=True))
        note = {"counting": self._counting, "seconds": seconds, "cpu": cpu, "calls": calls}
        self._notes.write(json.dumps(note).encode() + b"\n")
        self._counting = next(self._order)
        self._began = self._now()

    def _now(self) -> tuple[float, float, int]:
        return perf_counter(), process_time(), self._calls

    # A flag, and not another method in the class: that would throw away what the interpreter has learnt of the class.
    def _in_its_turn(self, method: Callable[..., None]) -> Callable[..., None]:
        def switched(*arguments: Any) -> None:
            if self._counting:
                method(*arguments)

        return switched

    def _saved_in_its_turn(self, save: Callable) -> Callable:
        async def switched(counting: CounterExport) -> None:
            if self._counting:
                await save(counting)

        return switched

    def _noted(self, write: Callable[..., None]) -> Callable[..., None]:
        def noted(*call: Any) -> None:
            self._calls += 1
            write(*call)

        return noted


if __name__ == "__main__":
    Turns(Path(sys.argv[1])).begin()
    sys.exit(main(sys.argv[2:]))
