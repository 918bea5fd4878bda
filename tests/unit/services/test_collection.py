"""Among many gateways those without news are asked less often, but for their lines while somebody watches."""

from pathlib import Path

import pytest
from sqlmodel import Session

from app.build import build_studio
from app.settings import Settings
from models.gateway import Gateway, GatewayKind, GatewayStatus
from services.log_collection import LogCollector
from services.log_feed import LogFeed


def gateway(number: int) -> Gateway:
    """One that does not answer."""
    place = {"url": f"http://127.0.0.1:{number + 1}", "encrypted_token": "", "created_by": "test"}
    return Gateway(name=f"g-{number}", kind=GatewayKind.REMOTE, status=GatewayStatus.ONLINE, **place)


@pytest.mark.parametrize(("gateways", "rounds"), [(2, 0), (10, 2), (60, 5)])
async def test_quiet_gateways_are_asked_for_lines_less_often_unless_somebody_watches(
    tmp_path: Path, gateways: int, rounds: int
) -> None:
    studio = build_studio(Settings(data_dir=tmp_path))
    feed = LogFeed()
    collector = LogCollector(studio.database, studio.changes, studio.gateways, feed)
    quiet, busy = (here := [gateway(number) for number in range(gateways)])[:2]
    with Session(studio.database.engine, expire_on_commit=False) as session:
        session.add_all(here)
        session.commit()
    await collector.sweep()

    collector.note_quiet(quiet)

    assert [collector.is_due(quiet) for _ in range(rounds + 2)] == [False] * rounds + [True, True]
    assert collector.is_due(busy)
    collector.note_quiet(quiet)
    watcher = feed.subscribe("dep_1")
    assert collector.is_due(quiet)
    feed.unsubscribe(watcher)
    assert collector.is_due(quiet) is (rounds <= 1)
    await collector.close()
    await studio.stop()
