"""The ring that holds calls until they are collected, and what is kept of them."""

from nexdeck.app.gateway.ground.context import Call
from nexdeck.app.gateway.ground.environment import Overlay
from nexdeck.app.gateway.telemetry import call_buffer
from nexdeck.app.gateway.telemetry.call_buffer import CallBuffer, Content

CALL = Call("d1", 3, Overlay(), "r1")


def test_old_contents_give_way_but_the_calls_stay():
    buffer = CallBuffer(capacity=4, most_text=10)
    for _ in range(6):
        buffer.write(CALL, "api", 200, None, 0.001, None, Content("x" * 4, None, altered=False))
    batch = buffer.read("boot")
    assert ([call.cursor for call in batch.calls], batch.next_cursor, batch.lost) == ([3, 4, 5, 6], 6, 2)
    assert [call.inputs for call in batch.calls] == [None, None, "xxxx", "xxxx"]
    assert [call.altered for call in batch.calls] == [True, True, False, False]


def test_an_answer_is_bounded_and_goes_on_where_it_ended(monkeypatch):
    monkeypatch.setattr(call_buffer, "MOST_TEXT_READ", 10)
    buffer = CallBuffer()
    for _ in range(5):
        buffer.write(CALL, "api", 200, None, 0.001, None, Content("x" * 4, "y", altered=False))
    seen, cursor = [], 0
    while batch := buffer.read("boot", cursor).calls:
        assert len(batch) == 2 or seen
        seen += [call.cursor for call in batch]
        cursor = seen[-1]
    assert seen == [1, 2, 3, 4, 5]
