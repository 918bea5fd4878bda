"""Gateways without news are asked less often, but for their lines while somebody watches."""

from pathlib import Path

from app.build import build_studio
from app.settings import Settings
from models.gateway import Gateway, GatewayKind
from services.collection import QUIET_ROUNDS
from services.log_collection import LogCollector
from services.log_feed import LogFeed


async def test_a_quiet_gateway_is_asked_for_lines_less_often_unless_somebody_watches(tmp_path: Path) -> None:
    studio = build_studio(Settings(data_dir=tmp_path))
    feed = LogFeed()
    collector = LogCollector(studio.database, studio.changes, studio.gateways, feed)
    place = {"url": "http://127.0.0.1:1", "encrypted_token": "", "created_by": "test"}
    quiet, busy = (Gateway(name=name, kind=GatewayKind.REMOTE, **place) for name in ("quiet", "busy"))

    collector.note_quiet(quiet)

    assert [collector.is_due(quiet) for _ in range(QUIET_ROUNDS + 2)] == [False] * QUIET_ROUNDS + [True, True]
    assert collector.is_due(busy)
    collector.note_quiet(quiet)
    watcher = feed.subscribe("dep_1")
    assert collector.is_due(quiet)
    feed.unsubscribe(watcher)
    assert not collector.is_due(quiet)
    await studio.stop()
