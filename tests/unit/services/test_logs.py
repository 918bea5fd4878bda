"""Log lines: what is kept of whatever a gateway says, what a search means, and what slow watchers get."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from nexdeck.app.api.log_text import as_text
from nexdeck.models.log import LogEntry, LogLevel
from nexdeck.models.telemetry import LogLine
from nexdeck.services.errors import InvalidInput
from nexdeck.services.logs.feed import MOST_WAITING, LogFeed
from nexdeck.services.logs.search import matcher, terms_of
from nexdeck.services.logs.service import LogQuery
from nexdeck.services.rules.log_lines import entry_of, level_of, plain_text

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def line(message: str = "hello", *, number: int = 1, level: str = "INFO", request: str | None = None) -> LogEntry:
    return LogEntry(number, "dep_1", AT, level, 1, request, "print", message, None)


def test_levels_of_other_names_count_as_what_they_mean() -> None:
    assert [level_of(name) for name in ("warn", "FATAL", "Notice", "error ")] == [
        LogLevel.WARNING, LogLevel.CRITICAL, LogLevel.INFO, LogLevel.ERROR,
    ]  # fmt: skip


@pytest.mark.parametrize("time", [AT + timedelta(days=400), datetime(1971, 1, 1, tzinfo=UTC)])
def test_a_time_that_cannot_be_is_the_time_of_arrival(time: datetime) -> None:
    assert entry_of(LogLine(cursor=1, time=time, level="INFO", message="x"), AT, 1).time == AT


def test_what_no_database_carries_is_replaced() -> None:
    kept = entry_of(LogLine(cursor=1, time=AT, level="INFO", message="a\0b" + "x" * 99_000), AT, 1)
    assert kept.message.startswith("a\ufffdb")
    assert len(kept.message) == 16_000


def test_colours_and_what_turns_text_around_are_stripped() -> None:
    assert plain_text("\x1b[31mred\x1b[0m \x1b]0;title\x07b\u202ec\x9b2Jd\re") == "red bcde"


def test_text_is_one_line_each_with_tracebacks_indented() -> None:
    told = as_text([line("two\nlines")._replace(exception="Traceback\n  boom")]).decode()
    assert told == "2026-11-23T12:00:00.000Z INFO revision=1 print: two\n    lines\n    Traceback\n      boom\n"


@pytest.mark.parametrize(
    ("query", "found"),
    [("time", True), ("TIMEOUT order-17", True), ("imeout", False), ("order 18", False), ("ord", True), ("", True)],
)
def test_a_search_finds_words_from_their_beginning(query: str, found: bool) -> None:
    assert matcher(terms_of(query))(line("Timeout of order_17: gave up")) is found


def test_a_search_without_a_word_is_refused() -> None:
    with pytest.raises(InvalidInput):
        terms_of("*** --")


def test_a_query_chooses_among_what_arrives() -> None:
    fits = LogQuery(level=LogLevel.WARNING, request_id="r1").matcher()
    lines = [line(level="INFO", request="r1"), line(level="ERROR", request="r1"), line(level="ERROR", request="r2")]
    assert [fits(one) for one in lines] == [False, True, False]


async def test_a_watcher_gets_its_own_deployment_and_ends_when_told() -> None:
    feed = LogFeed()
    watcher = feed.subscribe("dep_1")
    feed.publish([line(number=1), line(number=2)._replace(deployment_id="dep_2")])
    assert [one.id for one in await watcher.take(5)] == [1]
    assert await watcher.take(0.01) == []
    waiting = asyncio.create_task(watcher.take(60))
    await asyncio.sleep(0)
    feed.close()
    assert (await waiting, watcher.closed, feed.subscribe("dep_1").closed) == ([], True, True)


async def test_a_watcher_that_is_too_slow_is_told_so_and_costs_no_memory() -> None:
    feed = LogFeed()
    watcher = feed.subscribe("dep_1")
    for _ in range(3):
        feed.publish([line()] * (MOST_WAITING // 2 + 1))
    assert watcher.missed
    assert len(await watcher.take(5)) <= MOST_WAITING
