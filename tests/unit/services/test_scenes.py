"""What a probe leaves out because nothing looks different would have told nothing new."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, select

from nexdeck.models.base import now
from nexdeck.models.control import DeploymentState, GatewayState, RevisionState
from nexdeck.models.deployment import Deployment, DesiredState, HealthState, Revision
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.health import HealthChange, HealthSample, HealthStanding, Incident
from nexdeck.models.metrics import Amounts
from nexdeck.services.errors import StorageFailed
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.health.recorder import HealthRecorder
from nexdeck.services.health.sampling import Sampling
from nexdeck.services.metrics.recent_traffic import TrafficWindows
from nexdeck.services.platform.database import Database
from tests.unit.factories import deployment

NAMES = ["plain", "limited", "steady", "other"]
LATENCY_LIMITS = {"limited": 100.0}
GATEWAY_ID = "gtw_1"
BEGAN = now() - timedelta(days=1)
SLOW, QUICK = 300, 120  # keys of buckets: some 450 ms, and 11 ms


class Plane:
    """A control plane that judges what it is told; one with ``memory`` leaves out what looks the same."""

    def __init__(self, session: Session, *, memory: bool) -> None:
        self._session, self._has_memory = session, memory
        self.recorder = HealthRecorder(timedelta(seconds=15), TrafficWindows(), Sampling())
        address = {"url": "http://127.0.0.1:1", "encrypted_token": "", "created_by": "test"}
        self._gateway = Gateway(id=GATEWAY_ID, name="g", kind=GatewayKind.LOCAL, **address)
        session.connection().exec_driver_sql("PRAGMA foreign_keys = OFF")
        session.add(self._gateway)
        for name in NAMES:
            row = deployment("running", 1)
            row.id = row.name = name
            row.updated_at = BEGAN - timedelta(days=1)
            options = {"latency_limit_ms": LATENCY_LIMITS.get(name)}
            session.add(row)
            whose = {"deployment_id": name, "version_id": "v", "created_by": "test", "options": options}
            session.add(Revision(number=1, version="1.0.0", sha256="ab", **whose))
        session.flush()

    def look(self, state: GatewayState | None, at: datetime) -> None:
        if not self._has_memory:
            self.recorder.scenes.clear()
        known = self.recorder.known.read(self._session, [GATEWAY_ID], at)
        self.recorder.note(self._session, [Probe(self._gateway, state, at, 1.0)], known)
        self._session.flush()

    def change(self, name: str, **values: object) -> None:
        row = self._session.get_one(Deployment, name)
        for column, value in values.items():
            setattr(row, column, value)
        self._session.flush()

    def told(self) -> list[list[dict]]:
        self._session.expire_all()
        return [[_told(row) for row in self._session.exec(select(table))] for table in TABLES]


TABLES = (HealthStanding, HealthChange, HealthSample, Incident, Deployment)
OWN = {"created_at", "deployed_at", "opened_at", "acknowledged_at"}


def _told(row: SQLModel) -> dict:
    ids = {"id"} if isinstance(row, Incident) else set()
    return row.model_dump(exclude=OWN | ids)


@contextmanager
def planes() -> Iterator[list[Plane]]:
    with tempfile.TemporaryDirectory() as folder:
        databases = [Database(f"sqlite:///{Path(folder) / name}") for name in ("one.db", "two.db")]
        for database in databases:
            database.migrate()
        with Session(databases[0].engine) as one, Session(databases[1].engine) as two:
            yield [Plane(one, memory=True), Plane(two, memory=False)]
        for database in databases:
            database.close()


class World:
    """What there is to see on the gateway."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._held = {name: self._state(name, "ab") for name in NAMES}
        self.is_up = True
        self.failing: set[str] = set()
        self.slow: set[str] = set()

    def state(self) -> GatewayState | None:
        if not self.is_up:
            return None
        return GatewayState.model_construct(ready=True, boot_id="b", deployments=list(self._held.values()))

    def calls(self, name: str) -> Amounts:
        requests = self._draw.choice([1, 30])
        key = SLOW if name in self.slow else QUICK
        errors = requests // 2 if name in self.failing else 0
        return Amounts(requests=requests, errors=errors, latency_us_max=500_000, buckets={key: requests})

    def disturb(self, planes: list[Plane]) -> None:
        name = self._draw.choice(NAMES)
        match self._draw.randrange(7):
            case 0:
                self.is_up = not self.is_up
            case 1:
                self.take_away(name)
            case 2:
                self._held[name] = self._state(name, self._draw.choice(["ab", "cd"]))
            case 3:
                self.failing ^= {name}
            case 4:
                self.slow ^= {name}
            case 5:
                faults = [plane.recorder.sample_faults for plane in planes]
                for known in faults:
                    if known.pop(name, None) is None:
                        known[name] = "It failed."
            case 6:
                state = self._draw.choice([DesiredState.RUNNING, DesiredState.STOPPED])
                for plane in planes:
                    plane.change(name, desired_state=state)

    def take_away(self, name: str) -> None:
        self._held.pop(name, None)

    def mend(self, planes: list[Plane]) -> None:
        self.__init__(self._draw)
        for plane in planes:
            plane.recorder.sample_faults.clear()
            for name in NAMES:
                plane.change(name, desired_state=DesiredState.RUNNING)

    @staticmethod
    def _state(name: str, sha256: str) -> DeploymentState:
        return DeploymentState(deployment_id=name, name=name, live=RevisionState(revision=1, sha256=sha256))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_left_out_is_no_news(seed: int) -> None:
    draw, at = random.Random(seed), BEGAN
    with planes() as both:
        world = World(draw)
        for _ in range(150):
            at += timedelta(seconds=draw.choice([1, 15, 15, 15, 40, 200]))
            if draw.random() < 0.15:
                world.disturb(both)
            elif draw.random() < 0.08:
                world.mend(both)
            for name in NAMES if draw.random() < 0.6 else ():
                calls = world.calls(name)
                for plane in both:
                    plane.recorder.traffic.add(name, 1, calls, at)
            for plane in both:
                plane.look(world.state(), at)
        with_memory, without = (plane.told() for plane in both)
        assert with_memory == without


def test_what_a_failed_look_left_unjudged_is_judged_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with planes() as (plane, _):
        world, at = World(random.Random(1)), BEGAN
        for _ in range(4):
            at += timedelta(seconds=15)
            plane.look(world.state(), at)
        for name in NAMES:
            world.take_away(name)
        with monkeypatch.context() as patch:
            patch.setattr(plane.recorder.traffic, "seen", _full_disk)
            with pytest.raises(StorageFailed):
                plane.look(world.state(), at + timedelta(seconds=15))
        for seconds in (30, 45):
            plane.look(world.state(), at + timedelta(seconds=seconds))
        deployments = plane.told()[TABLES.index(Deployment)]
        assert {row["health_status"] for row in deployments} == {HealthState.UNHEALTHY}


def _full_disk(*_: object) -> None:
    raise StorageFailed("The disk that the database is on is full.")
