"""What hundreds of thousands of items in a ring cost besides their memory."""

import gc

from nexdeck.app.gateway.ground.context import Call
from nexdeck.app.gateway.ground.environment import Overlay
from nexdeck.app.gateway.telemetry.call_buffer import CallBuffer
from nexdeck.app.gateway.telemetry.log_buffer import LogBuffer


def test_the_garbage_collector_does_not_go_through_what_the_rings_hold():
    logs, calls = LogBuffer(), CallBuffer()
    gc.collect()
    before = len(gc.get_objects())
    for number in range(1000):
        call = Call("d1", 1, Overlay(), str(number))
        logs.write("INFO", "x", f"line {number}", call=call)
        calls.write(call, "api", 200, None, 0.001, None, None)
    gc.collect()
    assert len(gc.get_objects()) - before < 500
