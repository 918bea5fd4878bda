"""Whatever is merged, late or pruned, each tier tells of every call once, at any moment."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from nexdeck.models.choices import Range
from nexdeck.models.metrics import Amounts, MetricSeries
from nexdeck.services.metrics import retention as metric_retention
from nexdeck.services.metrics.retention import merge_some, prune_some
from nexdeck.services.metrics.rows import MERGED, add_to_tiers, merges_of
from nexdeck.services.metrics.service import Scope, read_series
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.windows import window_between, window_of

BEGAN = datetime(2026, 3, 1, 23, 40, tzinfo=UTC).timestamp()
ONE_CALL = Amounts(requests=1, buckets={100: 1})
GATEWAYS = ["gtw_1", "gtw_2", "gtw_3"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('tiers') / 'test.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def one_series_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_retention, "CHUNK", 1)


def series_of_gateways(session: Session) -> list[int]:
    rows = [MetricSeries(deployment_id="", gateway_id=name, revision=0, channel="") for name in GATEWAYS]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=True))
def test_charts_tell_of_every_call_once(database: Database, one_series_at_a_time: None, draw: random.Random) -> None:
    with Session(database.engine) as session:  # never committed
        ids = series_of_gateways(session)
        add_to_tiers(session, dict.fromkeys(ids, ONE_CALL), BEGAN)  # so that none is pruned as a series of nothing
        clock, counted = BEGAN, [BEGAN] * len(ids)
        for _ in range(80):
            clock += 60 * draw.choice([0, 0, 0, 1, 16, 65, 600])
            for _ in range(draw.choice([0, 1, 2, 40])):
                merge_some(session, draw.choice(MERGED), clock)
            unit = draw.choice(MERGED)  # that is being merged: where a call that is told of late can go wrong
            late = merges_of(session)[unit].until + draw.randrange(unit.above.seconds)
            at = min(clock, max(late, BEGAN), *([clock] if draw.random() < 0.5 else []))
            add_to_tiers(session, {draw.choice(ids): ONE_CALL}, at)
            counted.append(at)
            if draw.random() < 0.1:
                prune_some(session, 0, clock)
                check(session, clock, counted)
        for tier in MERGED:
            while merge_some(session, tier, clock + 2 * 86_400):
                pass
        check(session, clock, counted)


def check(session: Session, clock: float, counted: list[float]) -> None:
    present = datetime.fromtimestamp(clock, UTC)
    half_a_year = window_between(present - timedelta(days=180), present, present)
    for window in (*(window_of(span, present) for span in (Range.HOUR, Range.DAY, Range.WEEK)), half_a_year):
        expected = [0] * len(window.starts)
        for at in counted:
            if window.since <= at < window.until:
                expected[int(at - window.since) // window.step] += 1
        series = read_series(session, Scope(), window)
        assert [point.amounts.requests for point in series.points] == expected, window
        assert series.total.amounts.buckets.get(100, 0) == sum(expected)
