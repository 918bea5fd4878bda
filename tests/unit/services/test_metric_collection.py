"""Counters of gateways become rows: every call once, whatever restarts and whichever look is missed."""

import asyncio
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.telemetry.counter_export import CounterExport, CounterStore
from nexdeck.app.gateway.telemetry.meter import Meter
from nexdeck.models.base import now
from nexdeck.models.choices import Channel
from nexdeck.models.counters import LARGEST_COUNT
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.metrics import Amounts, MetricCursor, MetricSeries, Tier
from nexdeck.models.telemetry import CounterBatch, Position
from nexdeck.services.gateways.snapshot_cache import Newest
from nexdeck.services.metrics import writer as metric_writer
from nexdeck.services.metrics.collector import MetricCollector
from nexdeck.services.metrics.retention import MetricRetention, merge_some
from nexdeck.services.metrics.rows import MERGED
from nexdeck.services.metrics.series_cache import GatewaySeries
from nexdeck.services.metrics.writer import Counted, write_batches
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.rollup import COLUMNS, amounts_from, percentiles, total
from tests.unit.factories import deployment


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.migrate()
    yield database
    database.close()


def add_deployment(session: Session) -> Deployment:
    row = deployment("running", live_revision=1)
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA foreign_keys = OFF")
    address = {"url": "http://127.0.0.1:1", "encrypted_token": "", "created_by": "test"}
    session.add(Gateway(id=row.gateway_id, name="g", kind=GatewayKind.LOCAL, **address))
    session.add(row)
    session.commit()
    return row


class Boots:
    """A gateway's counting, with its ends and beginnings, on a folder of its own."""

    def __init__(self, folder: Path, deployment_id: str) -> None:
        self._folder, self._deployment_id, self._number = folder, deployment_id, 0
        self.start()

    def start(self) -> None:
        self._number += 1
        self.meter = Meter()
        self.counting = CounterExport(self.meter, CounterStore(self._folder), f"boot-{self._number}")

    def call(self, ms: float, status: int = 200, code: str | None = None, revision: int = 1) -> None:
        meter = self.meter.for_revision(self._deployment_id, "x", revision)
        meter.began()
        meter.ended(Channel.API, status, code, ms / 1000, Tokens(7, 5))

    async def end(self) -> None:
        await self.counting.save()
        self.start()


class ControlPlane:
    """Collects, again and again; after ``restart`` it knows nothing but its database."""

    def __init__(self, database: Database, gateway_id: str) -> None:
        self._database, self._gateway_id = database, gateway_id
        self.restart()

    def restart(self) -> None:
        self._series_caches: dict[str, GatewaySeries] = {}
        self._told: list[Counted] = []

    def collect(self, boots: Boots) -> None:
        with Session(self._database.engine) as session:
            cursor = session.get(MetricCursor, self._gateway_id)
            asked = Position(cursor.boot_id, cursor.cursor) if cursor else Position()
            self._told.append(Counted(self._gateway_id, asked, boots.counting.batch(asked)))
            self._write(session, self._told[-1])

    def hear_again(self, draw: random.Random) -> None:
        """An answer that was told before comes in once more, late."""
        if self._told:
            with Session(self._database.engine) as session:
                self._write(session, draw.choice(self._told))

    def _write(self, session: Session, counted: Counted) -> None:
        try:
            write_batches(session, self._series_caches, [counted])
            session.commit()
        except IntegrityError:
            self._series_caches.clear()
            raise


def rows_of(session: Session, tier: Tier, deployment_id: str) -> list[Amounts]:
    columns = [getattr(tier.table, name) for name in COLUMNS]
    of_it = select(*columns).join(MetricSeries).where(MetricSeries.deployment_id == deployment_id)
    return [amounts_from(tuple(values)) for values in session.execute(of_it)]


def merge_all(session: Session, at: float) -> None:
    for tier in MERGED:
        while merge_some(session, tier, at):
            session.commit()


async def test_ten_thousand_calls_with_restarts_are_counted_exactly(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either side ends in between; looks are missed; time passes so that rows are merged upward meanwhile."""
    draw = random.Random(11)
    kinds = [(200, None)] * 90 + [
        (422, "invalid_input"),
        (429, "rate_limited"),
        (504, "timeout"),
        (500, "agent_failed"),
    ]
    latencies, statuses = [], []
    clock = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()
    monkeypatch.setattr(metric_writer, "now", lambda: datetime.fromtimestamp(clock, UTC))
    with Session(database.engine, expire_on_commit=False) as session:
        row = add_deployment(session)
    boots, plane = Boots(tmp_path / "counters", row.id), ControlPlane(database, row.gateway_id)
    for _ in range(10_000):
        ms, (status, code) = draw.lognormvariate(5.5, 0.7), draw.choice(kinds)
        latencies.append(ms)
        statuses.append(status)
        boots.call(ms, status, code, revision=draw.choice((1, 2)))
        clock += draw.expovariate(1)
        what = draw.random()
        if what < 0.01:
            await boots.end()
        elif what < 0.09:
            plane.collect(boots)
            if what > 0.08:
                plane.restart()
            elif what > 0.07:
                plane.hear_again(draw)
            elif what > 0.06:
                with Session(database.engine) as session:
                    merge_all(session, clock)
    plane.collect(boots)
    plane.collect(boots)
    with Session(database.engine) as session:
        merge_all(session, clock + 7200)
        assert len(rows_of(session, Tier.MINUTE, row.id)) > 100
        for tier in (Tier.MINUTE, Tier.QUARTER, Tier.HOUR):
            summed = total(rows_of(session, tier, row.id))
            assert summed.requests == 10_000 == sum(summed.buckets.values())
            assert (summed.client_errors, summed.refused) == (statuses.count(422), statuses.count(429))
            assert (summed.timeouts, summed.errors) == (statuses.count(504), statuses.count(500))
            assert (summed.tokens_in, summed.tokens_out) == (70_000, 50_000)
            assert summed.latency_us_sum == pytest.approx(sum(latencies) * 1000, abs=10_000)
            for share in (0.5, 0.9, 0.95, 0.99):
                true = sorted(latencies)[int(share * 10_000) - 1]
                assert percentiles(summed, share)[0] == pytest.approx(true, rel=0.02)
        stored = session.get_one(Deployment, row.id)
        assert stored.request_count == 10_000
        assert stored.error_count == statuses.count(504) + statuses.count(500)
        assert stored.avg_latency_ms == pytest.approx(sum(latencies) / 10_000, rel=1e-4)
        assert total(rows_of(session, Tier.HOUR, "")).requests == 10_000  # what the gateway adds up to


EVENTS = st.lists(
    st.sampled_from(["call", "call", "call", "collect", "hear again", "restart", "save", "end", "kill"]), max_size=40
)


@settings(max_examples=10)
@given(EVENTS)
async def test_a_kill_costs_only_what_was_neither_saved_nor_collected(events: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/test.db")
        database.migrate()
        with Session(database.engine, expire_on_commit=False) as session:
            row = add_deployment(session)
            boots, plane = Boots(Path(folder) / "counters", row.id), ControlPlane(database, row.gateway_id)
            certain = in_memory = 0
            for event in events:
                if event == "call":
                    boots.call(5.0)
                    in_memory += 1
                elif event == "collect":
                    plane.collect(boots)
                elif event == "hear again":
                    plane.hear_again(random.Random(len(events)))
                elif event == "restart":
                    plane.restart()
                elif event == "end":
                    await boots.end()
                elif event == "save":
                    await boots.counting.save()
                elif event == "kill":
                    boots.start()
                    in_memory = 0
                if event in ("collect", "save", "end"):
                    certain, in_memory = certain + in_memory, 0
            plane.collect(boots)
            session.expire_all()
            assert session.get_one(Deployment, row.id).request_count == certain + in_memory
        database.close()


async def test_old_rows_go_and_what_is_merged_stays(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = now().timestamp() - 3 * 86_400
    monkeypatch.setattr(metric_writer, "now", lambda: datetime.fromtimestamp(then, UTC))
    with Session(database.engine, expire_on_commit=False) as session:
        row = add_deployment(session)
    boots, plane = Boots(tmp_path / "counters", row.id), ControlPlane(database, row.gateway_id)
    boots.call(5.0)
    plane.collect(boots)
    retention = MetricRetention(database)
    await retention.prune()
    with Session(database.engine) as session:
        assert len(rows_of(session, Tier.MINUTE, row.id)) == 1  # old, but not merged yet
    await retention.merge_upward()
    await retention.prune()
    with Session(database.engine) as session:
        assert [len(rows_of(session, tier, row.id)) for tier in Tier] == [0, 0, 1, 1]
        boots.call(9.0)
        plane.collect(boots)  # late: all above is merged already
        session.expire_all()
        assert [total(rows_of(session, tier, row.id)).requests for tier in Tier] == [1, 1, 2, 2]


class Telling:
    """Gateways, as far as a collector asks for their counters."""

    def __init__(self, batches: dict[str, CounterBatch]) -> None:
        self._batches, self.newest = batches, Newest()

    def client(self, gateway: Gateway) -> "Telling":
        return Telling({"": self._batches[gateway.id]})

    async def counters(self, _: Position) -> CounterBatch:
        return self._batches[""]


async def test_a_gateway_that_tells_absurd_counts_keeps_no_other_from_being_counted(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with Session(database.engine, expire_on_commit=False) as session:
        ours = add_deployment(session)
        theirs = deployment("running", live_revision=1)
        theirs.gateway_id, theirs.name = "gtw_absurd", "theirs"
        address = {"url": "http://127.0.0.1:2", "encrypted_token": "", "created_by": "test"}
        session.add(Gateway(id=theirs.gateway_id, name="absurd", kind=GatewayKind.LOCAL, **address))
        session.add(theirs)
        session.commit()
        gateways = [session.get_one(Gateway, row.gateway_id) for row in (ours, theirs)]
    most = {"channel": Channel.API, "requests": LARGEST_COUNT}
    told = [
        (ours, [{"deployment_id": ours.id, "revision": 1, "channels": [{"channel": Channel.API, "requests": 3}]}]),
        (theirs, [{"deployment_id": theirs.id, "revision": n, "channels": [most]} for n in range(1, 1030)]),
    ]
    batches = {row.gateway_id: CounterBatch(boot_id="b", position=1, revisions=of) for row, of in told}
    collector = MetricCollector(database, Changes(), Telling(batches))
    assert await asyncio.gather(*map(collector.collect, gateways)) == [3, 0]
    assert "cannot be" in caplog.text
    caplog.clear()
    await collector.close()
