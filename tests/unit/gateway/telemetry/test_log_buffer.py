"""The ring of log lines: cursors, what was lost, whose line it is, and what is masked."""

import io
import logging
import threading

from nexdeck.app.gateway.ground.context import CURRENT, Call
from nexdeck.app.gateway.ground.environment import Overlay
from nexdeck.app.gateway.telemetry.log_buffer import LONGEST_MESSAGE, LogBuffer, LogCapture, PrintCapture

CALL = Call("d1", 3, Overlay({"KEY": "very-secret"}), "r1")


def messages(buffer: LogBuffer, after: int = 0, limit: int = 1000) -> list[str]:
    return [line.message for line in buffer.read("boot", after, limit).lines]


def test_lines_are_read_after_a_cursor():
    buffer = LogBuffer()
    for n in range(5):
        buffer.write("INFO", "x", str(n))
    first = buffer.read("boot", 0, 2)
    assert ([line.message for line in first.lines], first.next_cursor, first.lost) == (["0", "1"], 2, 0)
    assert messages(buffer, first.next_cursor) == ["2", "3", "4"]
    last = buffer.read("boot", 5)
    assert (last.lines, last.next_cursor, last.lost) == ([], 5, 0)


def test_lost_lines_are_counted():
    buffer = LogBuffer(capacity=3)
    for n in range(10):
        buffer.write("INFO", "x", str(n))
    batch = buffer.read("boot", 2)
    assert (messages(buffer, 2), batch.lost) == (["7", "8", "9"], 5)
    assert buffer.read("boot", 8).lost == 0


def test_a_cursor_from_before_a_restart_does_not_hide_new_lines():
    buffer = LogBuffer()
    buffer.write("INFO", "x", "new")
    batch = buffer.read("boot", 999)
    assert (batch.lines, batch.next_cursor) == ([], 1)


def test_an_empty_buffer():
    batch = LogBuffer().read("boot", 0)
    assert (batch.lines, batch.next_cursor, batch.lost) == ([], 0, 0)


def test_lines_carry_their_call_without_its_secrets():
    buffer = LogBuffer()
    buffer.write("INFO", "x", "key very-secret", "trace very-secret", CALL)
    line = buffer.read("boot").lines[0]
    assert (line.deployment_id, line.revision, line.request_id) == ("d1", 3, "r1")
    assert (line.message, line.exception) == ("key •••", "trace •••")


def test_long_messages_are_cut():
    buffer = LogBuffer()
    buffer.write("INFO", "x", "m" * 100_000, "e" * 100_000)
    line = buffer.read("boot").lines[0]
    assert len(line.message) <= LONGEST_MESSAGE + 2
    assert line.exception.startswith("… ")


def test_only_records_of_calls_are_captured():
    buffer = LogBuffer()
    logger = logging.Logger("mine")
    logger.addHandler(LogCapture(buffer))
    logger.warning("of the gateway")
    token = CURRENT.set(CALL)
    try:
        logger.info("number %d", 5)
        logger.info("number %d", "not one")
    finally:
        CURRENT.reset(token)
    assert messages(buffer)[0] == "number 5"
    assert "could not be formatted" in messages(buffer)[1]


def test_prints_of_calls_become_lines_and_others_pass():
    stream, buffer = io.StringIO(), LogBuffer()
    prints = PrintCapture(stream, buffer, "INFO")
    print("outside", file=prints)
    token = CURRENT.set(CALL)
    try:
        print("one\ntwo", "three", file=prints)
        print("rest", end="", file=prints)
    finally:
        CURRENT.reset(token)
    prints.finish(CALL)
    prints.finish(CALL)
    assert stream.getvalue() == "outside\n"
    assert messages(buffer) == ["one", "two three", "rest"]


def test_many_threads_may_write():
    buffer = LogBuffer()
    threads = [threading.Thread(target=lambda: [buffer.write("INFO", "x", "m") for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.cursor for line in buffer.read("boot", 0, 10_000).lines] == list(range(1, 4001))


def test_text_is_bounded_however_few_the_lines_are():
    buffer = LogBuffer(most_text=10_000)
    for n in range(50):
        buffer.write("INFO", "x", f"{n} " + "y" * 1000)
    batch = buffer.read("boot", 0)
    assert batch.lines[-1].message.startswith("49 ")
    assert sum(len(line.message) for line in batch.lines) <= 10_000
    assert batch.lost == 50 - len(batch.lines)


def test_an_answer_is_bounded_and_goes_on_where_it_ended():
    buffer = LogBuffer()
    for _ in range(400):
        buffer.write("INFO", "x", "y" * LONGEST_MESSAGE)
    first = buffer.read("boot", 0)
    assert 0 < len(first.lines) < 400
    assert buffer.read("boot", first.next_cursor).lines[0].cursor == first.next_cursor + 1


def test_half_a_surrogate_pair_does_not_break_the_answer():
    buffer = LogBuffer()
    buffer.write("INFO\ud800", "x\udfff", "broken \ud800", "trace \udc00")
    assert "broken ?" in buffer.read("boot").model_dump_json()
