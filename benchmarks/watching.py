"""How fast a change of health reaches 50 open browsers, and what the board of 1,000 deployments costs."""

import asyncio
import re
import statistics
import time
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import psutil
import socketio
from sqlalchemy import insert
from sqlmodel import Session, create_engine

from benchmarks.processes import HTTP, Nexdeck
from benchmarks.report import Figure
from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment, DeploymentStatus, HealthState, Revision
from nexdeck.models.gateway import Gateway, GatewayKind, GatewayStatus
from nexdeck.models.health import HealthChange, HealthStanding

BROWSERS = 50
CHANGES = 15
PAUSE = 1.0  # seconds from the answer to one change to the next
AT_REST = 5.0  # seconds
DEPLOYMENTS = 1_000
AGENT = '''"""Answers."""

__version__ = "1.0.0"
SAMPLE = {}


def agent() -> dict:
    """Answer."""
    return {}
'''
OUTAGES = 40  # of each deployment in 90 days


def live_health(studio: Nexdeck) -> list[Figure]:
    """Fill the database, then measure the board and the way of a change to those who watch it."""
    studio.add_agent("a-first", AGENT)
    subject = studio.deploy("a-first")["id"]
    _fill(studio)
    return [*_board(studio), *asyncio.run(_changes(studio, subject))]


def _fill(studio: Nexdeck) -> None:
    """Deployments on a gateway that was removed, so that nobody looks at them or repairs them."""
    engine = create_engine(f"sqlite:///{studio.data_dir}/nexdeck.db", connect_args={"timeout": 60})
    with Session(engine) as session:
        gateway = Gateway(name="far", kind=GatewayKind.REMOTE, url="", encrypted_token="", created_by="b")
        gateway.status = GatewayStatus.REMOVED
        agent = Agent(name="watched", created_by="b")
        session.add_all([gateway, agent])
        session.flush()
        version = AgentVersion(
            agent_id=agent.id, version="1.0.0", kind="python", source="", module="", sha256="0", filename="a.py",
            input_schema={}, output_schema={}, secrets=[], members=[], created_by="b",
        )  # fmt: skip
        session.add(version)
        session.flush()
        changes: list[dict] = []
        for number in range(DEPLOYMENTS):
            _add_deployment(session, gateway, agent, version, number, changes)
        session.execute(insert(HealthChange), changes)
        session.commit()
    engine.dispose()


def _add_deployment(
    session: Session, gateway: Gateway, agent: Agent, version: AgentVersion, number: int, changes: list[dict]
) -> None:
    at, name = now(), f"watched-{number:04}"
    row = Deployment(
        agent_id=agent.id, version="1.0.0", gateway_id=gateway.id, status=DeploymentStatus.RUNNING, deployed_by="b",
        api_endpoint="", cli_command="", name=name, live_revision=1, health_status=HealthState.HEALTHY,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(
        Revision(
            deployment_id=row.id,
            number=1,
            version_id=version.id,
            version="1.0.0",
            sha256="0",
            options={},
            created_by="b",
        )
    )
    session.add(HealthStanding(subject_id=row.id, state=HealthState.HEALTHY, reason="It answers."))
    for outage in range(OUTAGES):
        begin = at - timedelta(days=90) * (outage + 1) / (OUTAGES + 1)
        for state, when in ((HealthState.UNHEALTHY, begin), (HealthState.HEALTHY, begin + timedelta(minutes=3))):
            changes.append({"subject_id": row.id, "at": when, "state": state, "reason": "seeded"})


def _board(studio: Nexdeck) -> list[Figure]:
    def seconds(path: str) -> float:
        def one() -> float:
            began = time.perf_counter()
            answer = HTTP.get(f"{studio.url}{path}")
            assert answer.status_code == 200, answer.text[:500]
            return time.perf_counter() - began

        return statistics.median(one() for _ in range(5))

    first = seconds("/health")
    uptime = seconds("/api/v1/health?range=90d&limit=25&kind=deployment") * 1000
    plain = seconds("/api/v1/deployments?limit=25") * 1000
    return [
        Figure(
            "/health with 1,000 deployments, first content", first, "s", "the settings page", seconds("/settings"),
            "≤ 1 s", first <= 1, "25 rows with 90 bars each, from the request to the whole answer",
        ),
        Figure(
            "uptime of 25 deployments over 90 days", uptime, "ms", "the list of 25 deployments", plain,
            "≤ 250 ms", uptime <= 250, f"{2 * OUTAGES} changes of each, {2 * OUTAGES * DEPLOYMENTS:,} rows",
        ),
    ]  # fmt: skip


@dataclass
class _Browser:
    """A tab as the server sees it: the page, and its socket. ``arrivals``: when each update that tells it came."""

    url: str
    sio: socketio.AsyncClient = field(default_factory=lambda: socketio.AsyncClient(request_timeout=60))
    arrivals: list[float] = field(default_factory=list)

    async def open(self, http: httpx.AsyncClient, words: tuple[str, str]) -> None:
        page = (await http.get(f"{self.url}/health")).text
        client_id = re.search(r"client_id\W+([0-9a-f]{8}-[0-9a-f-]{27})", page).group(1)
        query = {"client_id": client_id, "next_message_id": 0, "implicit_handshake": "true"}
        query |= {"document_id": client_id, "tab_id": client_id}
        self.sio.on("update", lambda data: self._note(str(data), words))
        address = f"{self.url}?{urlencode(query)}"
        await self.sio.connect(
            address, socketio_path="/_nicegui_ws/socket.io", transports=["websocket"], wait_timeout=60
        )

    def _note(self, data: str, words: tuple[str, str]) -> None:
        if any(word in data for word in words):
            self.arrivals.append(time.perf_counter())


async def _changes(studio: Nexdeck, subject: str) -> list[Figure]:
    browsers = [_Browser(studio.url) for _ in range(BROWSERS)]
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        for browser in browsers:
            await browser.open(http, ("'Paused'", "'Healthy'"))
        await asyncio.sleep(3)
        server, delays, lost = psutil.Process(studio.process.pid), [], 0
        cpu, began = sum(server.cpu_times()[:2]), time.perf_counter()
        await asyncio.sleep(AT_REST)
        rest = 100 * (sum(server.cpu_times()[:2]) - cpu) / (time.perf_counter() - began)
        cpu, began = sum(server.cpu_times()[:2]), time.perf_counter()
        for number in range(CHANGES):
            for browser in browsers:
                browser.arrivals.clear()
            asked = time.perf_counter()
            path = f"{studio.url}/api/v1/deployments/{subject}/health/{'resume' if number % 2 else 'pause'}"
            answer = await http.post(path, json={})
            assert answer.status_code == 204, answer.text
            await asyncio.sleep(PAUSE)  # after the answer: what a slow call changed has as long as any other
            lost += sum(not browser.arrivals for browser in browsers)
            delays += [(browser.arrivals[0] - asked) * 1000 for browser in browsers if browser.arrivals]
        spent, lasted = sum(server.cpu_times()[:2]) - cpu, time.perf_counter() - began
        for browser in browsers:
            await browser.sio.disconnect()
    delays.sort()
    p95 = delays[int(len(delays) * 0.95)] if delays else float("inf")
    share = 100 * spent / lasted
    note = f"{CHANGES} changes, each {PAUSE:g} s after the last; {lost} of {CHANGES * BROWSERS:,} were late"
    return [
        Figure(
            "a change of status reaches 50 browsers (p95)", p95, "ms", "the median", statistics.median(delays or [0]),
            "≤ 300 ms", p95 <= 300 and not lost, note,
        ),
        Figure("CPU of that", share, "% of a core", "at rest", rest, "≤ 15 %", share <= 15, "REST calls included"),
    ]  # fmt: skip
