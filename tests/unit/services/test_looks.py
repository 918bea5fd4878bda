"""What one transaction notes of looks at several gateways, and what is counted as serving after it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from nexdeck.models.base import now
from nexdeck.models.control import GatewayState
from nexdeck.models.deployment import Deployment, HealthState
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.services.deployments.views import read_counts
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.gateways.rows import list_gateways
from nexdeck.services.health.known import KnownRows
from nexdeck.services.health.recorder import HealthRecorder
from nexdeck.services.health.sampling import Sampling
from nexdeck.services.metrics.recent_traffic import TrafficWindows
from nexdeck.services.platform.database import Database
from tests.unit.factories import deployment

ON = {"first": ("running", 1), "in-canary": ("deploying", 1), "new": ("deploying", None), "gone": ("stopped", None)}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.migrate()
    with Session(database.engine) as session:
        session.connection().exec_driver_sql("PRAGMA foreign_keys = OFF")
        yield session
    database.close()


def add(session: Session, number: int) -> Gateway:
    """A gateway with a deployment of each kind."""
    address = {"url": f"http://127.0.0.1:{number}", "encrypted_token": "", "created_by": "test"}
    gateway = Gateway(id=f"gtw_{number}", name=f"g{number}", kind=GatewayKind.LOCAL, **address)
    session.add(gateway)
    for name, (status, live_revision) in ON.items():
        row = deployment(status, live_revision)
        row.gateway_id, row.name = gateway.id, f"{name}-{number}"
        session.add(row)
    session.flush()
    return gateway


def test_what_serves_is_checked_and_counted_whatever_is_under_way(session: Session) -> None:
    at = now()
    state = GatewayState.model_construct(ready=True, boot_id="b", deployments=[])
    looks = [Probe(add(session, number), state, at, 1.0) for number in (1, 2)]
    known = KnownRows().read(session, [look.gateway.id for look in looks], at)
    HealthRecorder(timedelta(seconds=15), TrafficWindows(), Sampling()).note(session, looks, known)
    session.expire_all()
    rows = {row.name: row for row in session.exec(select(Deployment))}
    checked = {name for name, row in rows.items() if row.last_health_check == at}
    assert checked == {"first-1", "first-2", "in-canary-1", "in-canary-2"}
    assert (read_counts(session).serving, read_counts(session).running) == (4, 2)
    rows["first-2"].health_status = HealthState.UNHEALTHY
    session.flush()
    assert sorted(summary.running_count for summary in list_gateways(session)) == [1, 2]
    assert read_counts(session).serving == 3


def test_what_a_gateway_tells_of_itself_fits_into_any_database() -> None:
    """PostgreSQL takes no NUL, and what is looked at in the same moment is written in one transaction."""
    held = {"deployment_id": "dep", "name": "x", "error": "a\0b"}
    told = {"version": "1\0", "boot_id": "b\0", "pid": 1, "started_at": "2026-01-01T00:00:00Z", "ready": True}
    state = GatewayState.model_validate_json(json.dumps({**told, "deployments": [held]}))
    assert (state.version, state.boot_id, state.deployments[0].error) == ("1\ufffd", "b\ufffd", "a\ufffdb")
