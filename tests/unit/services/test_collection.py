"""Among many gateways those without news are asked less often, but for their lines while somebody watches."""

from pathlib import Path

import pytest
from sqlmodel import Session

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.gateway import Gateway, GatewayKind, GatewayStatus
from nexdeck.models.telemetry import CounterBatch, Position
from nexdeck.services.calls.collector import CallCollector
from nexdeck.services.logs.collector import LogCollector
from nexdeck.services.logs.feed import LogFeed


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


@pytest.mark.parametrize(
    ("reached", "told", "is_due"),
    [
        (None, Position("b", 0), True),
        (Position(), Position("b", 0), False),
        (Position("b", 7), Position("b", 7), False),
        (Position("b", 7), Position("b", 6), False),
        (Position("b", 7), Position("b", 8), True),
        (Position("a", 7), Position("b", 3), True),
        (Position("a", 7), Position("b", 0), False),
    ],
)
async def test_among_many_gateways_one_that_tells_is_asked_only_for_what_is_new(
    tmp_path: Path, reached: Position | None, told: Position, is_due: bool
) -> None:
    studio = build_studio(Settings(data_dir=tmp_path))
    collector = CallCollector(studio.database, studio.changes, studio.gateways)
    here = [gateway(number) for number in range(10)]
    with Session(studio.database.engine, expire_on_commit=False) as session:
        session.add_all(here)
        session.commit()
    await collector.sweep()
    counted = CounterBatch(boot_id=told.boot_id, position=0, revisions=[], lines=99, calls=told.number)
    studio.gateways.newest.note(here[0].id, counted)
    if reached is not None:
        collector.note_reached(here[0], reached)
    assert collector.is_due(here[0]) is is_due
    await collector.close()
    await studio.stop()
