"""From rows to the points of a chart, and from points to a figure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from nexdeck.models.choices import Channel, Range
from nexdeck.models.histogram import key_of
from nexdeck.models.metrics import Amounts, MetricMerge, MetricSeries, Tier
from nexdeck.pages.components.metrics.figures import LATENCY, REQUESTS, figure
from nexdeck.services.errors import InvalidInput
from nexdeck.services.metrics.annotations import Annotation
from nexdeck.services.metrics.rows import add_to_tier
from nexdeck.services.metrics.service import Scope, Series, read_series
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.windows import MOST_POINTS, window_between, window_of
from tests.unit.services.test_metric_collection import add_deployment

NOW = datetime(2026, 3, 31, 12, 0, 30, tzinfo=UTC)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.migrate()
    with Session(database.engine, expire_on_commit=False) as session:
        yield session
    database.close()


def calls(ms: float, count: int, errors: int = 0) -> Amounts:
    us = round(ms * 1000)
    ends = {"latency_us_sum": us * count, "latency_us_min": us, "latency_us_max": us}
    return Amounts(requests=count, errors=errors, buckets={key_of(ms): count}, **ends)


def series_id(session: Session, deployment_id: str, revision: int, channel: Channel) -> int:
    row = MetricSeries(deployment_id=deployment_id, gateway_id="gtw_1", revision=revision, channel=channel.value)
    session.add(row)
    session.flush()
    return row.id


def at(minutes_ago: float) -> int:
    return int((NOW - timedelta(minutes=minutes_ago)).timestamp()) // 60 * 60


def test_points_add_up_revisions_and_channels_that_are_asked_for(session: Session) -> None:
    row = add_deployment(session)
    for revision, channel, ms in ((1, Channel.API, 10.0), (2, Channel.API, 20.0), (2, Channel.MCP, 80.0)):
        id_ = series_id(session, row.id, revision, channel)
        add_to_tier(session, Tier.MINUTE, at(5), {id_: calls(ms, 4, errors=1)})
    window = window_of(Range.QUARTER, NOW)
    everything = read_series(session, Scope(deployment=row.name), window)
    assert (len(everything.points), everything.total.amounts.requests, everything.revisions) == (15, 12, [2, 1])
    assert everything.total.error_rate == 0.25
    point = next(point for point in everything.points if point.amounts.requests)
    assert (point.at.timestamp(), point.avg_ms) == (at(5), pytest.approx(36.67, abs=0.01))
    assert point.p99_ms == pytest.approx(80, rel=0.02)
    narrow = read_series(session, Scope(deployment=row.id, revision=2, channel=Channel.API), window)
    assert narrow.total.amounts.requests == 4
    assert narrow.total.p50_ms == pytest.approx(20, rel=0.02)


def test_what_is_not_merged_yet_is_read_from_below_and_nothing_twice(session: Session) -> None:
    row = add_deployment(session)
    id_ = series_id(session, row.id, 1, Channel.API)
    merged = at(60)  # 11:00
    add_to_tier(session, Tier.HOUR, merged - 3600, {id_: calls(10, 100)})
    for minute in (merged - 1800, merged - 900):
        for finer in (Tier.MINUTE, Tier.QUARTER):
            add_to_tier(session, finer, minute, {id_: calls(10, 50)})  # what the hour was made of
    add_to_tier(session, Tier.MINUTE, merged + 120, {id_: calls(10, 7)})
    session.add_all([MetricMerge(tier=Tier.MINUTE, until=merged), MetricMerge(tier=Tier.QUARTER, until=merged)])
    session.flush()
    assert read_series(session, Scope(deployment=row.id), window_of(Range.WEEK, NOW)).total.amounts.requests == 107
    assert read_series(session, Scope(deployment=row.id), window_of(Range.DAY, NOW)).total.amounts.requests == 107
    assert read_series(session, Scope(deployment=row.id), window_of(Range.SEASON, NOW)).total.amounts.requests == 107


@given(st.sampled_from(Range), st.integers(0, 10**7))
def test_windows_have_few_whole_steps_of_rows_that_are_still_there(span: Range, later: int) -> None:
    now = NOW + timedelta(seconds=later)
    window = window_of(span, now)
    assert 15 <= len(window.starts) <= MOST_POINTS + 1
    assert window.since % window.step == 0 == (window.until - window.since) % window.step
    assert window.until - window.step <= now.timestamp() <= window.until
    assert window.tier.seconds <= window.step
    assert window.since >= now.timestamp() - window.tier.kept_seconds - window.step


def test_a_zoom_gets_finer_rows_while_there_are_any() -> None:
    hour = timedelta(hours=1)
    assert window_between(NOW - 3 * hour, NOW - 2 * hour, NOW).step == 60
    assert window_between(NOW - 72 * hour, NOW - 71 * hour, NOW).tier is Tier.HOUR
    with pytest.raises(InvalidInput):
        window_between(NOW, NOW - hour, NOW)


def test_a_figure_has_a_value_for_each_point_and_says_nothing_where_nothing_was(session: Session) -> None:
    row = add_deployment(session)
    id_ = series_id(session, row.id, 1, Channel.API)
    add_to_tier(session, Tier.MINUTE, at(5), {id_: calls(10, 4, errors=1)})
    series = read_series(session, Scope(deployment=row.id), window_of(Range.QUARTER, NOW))
    drawn = figure(REQUESTS, series)
    assert [sum(trace["y"]) for trace in drawn["data"]] == [3, 0, 1]
    latency = figure(LATENCY, series, series)
    assert len(latency["data"]) == 6
    assert [y for y in latency["data"][0]["y"] if y is not None] == [pytest.approx(10, rel=0.02)]


def test_texts_of_marks_stay_texts(session: Session) -> None:
    row = add_deployment(session)
    series = read_series(session, Scope(deployment=row.id), window_of(Range.QUARTER, NOW))
    marks = [
        Annotation(NOW, "revision", '<a href="javascript:1">r1</a>'),
        Annotation(NOW - timedelta(days=9), "incident", "old"),
    ]
    drawn = figure(REQUESTS, Series(**{**vars(series), "marks": marks}))["layout"]
    assert "<" not in drawn["annotations"][0]["text"]
    assert drawn["shapes"][1]["x0"] == series.window.since * 1000 < drawn["shapes"][1]["x1"]


def test_of_revisions_that_follow_each_other_closely_the_last_is_named(session: Session) -> None:
    row = add_deployment(session)
    series = read_series(session, Scope(deployment=row.id), window_of(Range.HOUR, NOW))
    marks = [Annotation(NOW - timedelta(minutes=ago), "revision", f"r{ago}") for ago in (1, 2, 8)]
    drawn = figure(REQUESTS, Series(**{**vars(series), "marks": marks}))["layout"]
    assert [note["text"] for note in drawn["annotations"]] == ["r8", "r1"]
    assert len(drawn["shapes"]) == 3
