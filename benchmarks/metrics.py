"""Metrics at their size: a year of traffic in the database, a chart among many rows, retention, and counting itself."""

import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, insert

from benchmarks.report import Figure
from nexdeck.models.choices import Channel, Range
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.histogram import key_of
from nexdeck.models.metrics import Amounts, MetricMerge, MetricSeries, Tier
from nexdeck.services.metrics.retention import MetricRetention
from nexdeck.services.metrics.rows import MERGED
from nexdeck.services.metrics.service import Scope, read_series
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.rollup import COLUMNS, start_of, values_of
from nexdeck.services.rules.windows import window_of

DEPLOYMENTS = 100
CALLS_A_SECOND = 10  # of a deployment that is fully busy
CHARTED = 1_000  # deployments with a full day of minutes: 1.44 million rows
KINDS = 64  # different rows of a tier; each has its own draw of latencies
ROUNDS = 40


def rollups() -> list[Figure]:
    return [*_year(), *_chart()]


def _year() -> list[Figure]:
    """A year of 100 busy deployments, written as it would have come: minute after minute, all deployments in each."""
    now = time.time()
    with _database() as (database, path):
        ids = _series(database, DEPLOYMENTS)
        spans = {tier: min(tier.kept_seconds, 365 * 86_400) for tier in Tier}
        for tier, seconds in spans.items():
            _fill(database, tier, ids, range(start_of(now - seconds, tier), int(now), tier.seconds))
        _mark_merged(database, now)
        size = _size(database, path)
        retention = MetricRetention(database)
        began = time.perf_counter()
        asyncio.run(retention.prune())
        first = time.perf_counter() - began
        _fill(database, Tier.MINUTE, ids, range(start_of(now - 51 * 3600, Tier.MINUTE), int(now - 49 * 3600), 60))
        began = time.perf_counter()
        asyncio.run(retention.prune())
        seconds = time.perf_counter() - began
    plain = DEPLOYMENTS * sum(spans[tier] // tier.seconds for tier in Tier) * 8 * 40 / 1e6
    note = f"{CALLS_A_SECOND} calls/s each; 48 h of minutes and quarters, 90 d of hours, a year of days"
    return [
        Figure(
            f"{DEPLOYMENTS} busy deployments, all tiers",
            size,
            "MB",
            "40 buckets of 8 bytes a row",
            plain,
            "≤ 60 MB",
            size <= 60,
            note,
        ),
        Figure(
            "retention, two hours of minutes too old",
            seconds,
            "s",
            "with nothing to remove",
            first,
            "≤ 2 s",
            seconds <= 2,
            f"{DEPLOYMENTS * 120:,} rows",
        ),
    ]


def _chart() -> list[Figure]:
    now = datetime.now(UTC)
    with _database() as (database, _):
        ids = _series(database, CHARTED)
        minutes = range(start_of(now.timestamp(), Tier.MINUTE) - 1439 * 60, int(now.timestamp()), 60)
        _fill(database, Tier.MINUTE, ids, minutes)
        asyncio.run(MetricRetention(database).merge_upward())  # as it is done each minute
        window = window_of(Range.DAY, now)
        with Session(database.engine) as session:
            times = [
                _timed(lambda number=number: read_series(session, Scope(deployment=f"busy-{number}"), window))
                for number in random.Random(3).sample(range(CHARTED), ROUNDS)
            ]
            bare = [_timed(lambda id_=id_: _bare(session, id_, window.since)) for id_ in ids[:ROUNDS]]
    median = statistics.median(times) * 1000
    note = f"{len(window.starts)} points of 1,440 minutes, percentiles and marks included; longest {max(times):.3f} s"
    name = f"24 h chart of one deployment among {CHARTED * 1440:,} rows"
    return [
        Figure(
            name,
            median,
            "ms",
            "its minutes, read and left",
            statistics.median(bare) * 1000,
            "≤ 5 ms",
            median <= 5,
            note,
        )
    ]


def _bare(session: Session, series_id: int, since: int) -> None:
    table = Tier.MINUTE.table.__tablename__
    query = f"SELECT * FROM {table} WHERE series_id = ? AND start >= ?"
    session.connection().exec_driver_sql(query, (series_id, since)).all()


def _timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _database() -> Iterator[tuple[Database, Path]]:
    with tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder:
        path = Path(folder) / "bench.db"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        try:
            yield database, path
        finally:
            database.close()


def _series(database: Database, count: int) -> list[int]:
    """A series each for as many deployments, which are named busy-0 and so on."""
    gateway = Gateway(name="g", kind=GatewayKind.LOCAL, url="http://127.0.0.1:1", encrypted_token="", created_by="b")
    with Session(database.engine) as session:
        session.connection().exec_driver_sql("PRAGMA foreign_keys = OFF")
        session.add(gateway)
        session.flush()
        texts = dict.fromkeys(("version", "deployed_by", "api_endpoint", "cli_command", "agent_id"), "x")
        deployments = [Deployment(name=f"busy-{n}", gateway_id=gateway.id, **texts) for n in range(count)]
        session.add_all(deployments)
        origin = {"gateway_id": gateway.id, "revision": 1, "channel": Channel.API.value}
        rows = [MetricSeries(deployment_id=deployment.id, **origin) for deployment in deployments]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
        session.commit()
    return ids


def _fill(database: Database, tier: Tier, ids: list[int], starts: Iterable[int]) -> None:
    kinds, table = _kinds(tier), tier.table
    draw = random.Random(tier.seconds)
    with Session(database.engine) as session:
        connection = session.connection()
        for start in starts:
            rows = [draw.choice(kinds) | {"series_id": id_, "start": start} for id_ in ids]
            connection.execute(insert(table.__table__), rows)
        session.commit()


def _kinds(tier: Tier) -> list[dict]:
    """Rows as a busy deployment has them: the latencies of a model's answers, one call in thirty failed."""
    draw = random.Random(7)
    rows = [values_of(_busy(draw, CALLS_A_SECOND * tier.seconds)) for _ in range(KINDS)]
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def _busy(draw: random.Random, calls: int) -> Amounts:
    drawn, centre = min(calls, 4_000), draw.uniform(5.0, 7.5)
    latencies = [draw.lognormvariate(centre, 0.5) for _ in range(drawn)]
    return Amounts(
        requests=calls,
        errors=calls // 60,
        timeouts=calls // 60,
        latency_us_sum=round(sum(latencies) * 1000 * calls / drawn),
        latency_us_min=round(min(latencies) * 1000),
        latency_us_max=round(max(latencies) * 1000),
        tokens_in=calls * 800,
        tokens_out=calls * 150,
        in_flight=9,
        buckets={key: count * (calls // drawn) for key, count in Counter(map(key_of, latencies)).items()},
    )


def _mark_merged(database: Database, now: float) -> None:
    with Session(database.engine) as session:
        for tier in MERGED:
            session.add(MetricMerge(tier=tier.value, until=start_of(now, tier.above)))
        session.commit()


def _size(database: Database, path: Path) -> float:
    """MB of the file, all of it written."""
    with Session(database.engine) as session:
        session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size / 1e6
