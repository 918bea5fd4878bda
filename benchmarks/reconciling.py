"""What a reconcile round over many gateways costs when nothing drifted, which is nearly always."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.processes import HTTP, free_port, program, wait_for
from benchmarks.report import Figure
from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.agent import AgentVersion
from nexdeck.models.base import now
from nexdeck.models.choices import Channel
from nexdeck.models.control import DeploymentState, GatewayState, LiveOptions, RevisionState
from nexdeck.models.counters import Counters
from nexdeck.models.deployment import Deployment, DeploymentStatus, Revision
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.manifest import Limits
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.studio import Studio
from tests.actors import ACTOR

GATEWAYS = 10
DEPLOYMENTS = 100  # on each
ROUNDS = 15
AGENT = "SAMPLE = {}\n\n\ndef trivial() -> dict:\n    return {}\n"


def rounds() -> list[Figure]:
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder:
        studio = build_studio(Settings(data_dir=Path(folder) / "data"))
        ports = [free_port() for _ in range(GATEWAYS)]
        states = Path(folder) / "states"
        states.mkdir()
        await _fill(studio, ports, states)
        with program("benchmarks/servers/states.py", str(states)) as process:
            counter = f"http://127.0.0.1:{ports[0]}/count"
            wait_for(counter, process)
            await studio.reconciler.sweep()
            await studio.reconciler.sweep()
            before = int(HTTP.get(counter).text)
            ours = statistics.median([await _cpu(studio.reconciler.sweep) for _ in range(ROUNDS)])
            calls = (int(HTTP.get(counter).text) - before) / ROUNDS
            async with httpx.AsyncClient(trust_env=False) as http:
                bare = statistics.median([await _cpu(lambda: _just_look(http, ports)) for _ in range(ROUNDS)])
        await studio.stop()
    name = f"CPU of a reconcile round, {GATEWAYS} gateways × {DEPLOYMENTS} deployments"
    note = f"{calls:g} HTTP calls a round, median of {ROUNDS} rounds"
    met = ours <= 0.1 and calls == GATEWAYS
    return [Figure(name, ours * 1000, "ms", "the same calls, parsed", bare * 1000, "≤ 100 ms, 1 call each", met, note)]


async def _cpu(work) -> float:
    began = time.process_time()
    await work()
    return time.process_time() - began


async def _just_look(http: httpx.AsyncClient, ports: list[int]) -> None:
    answers = await asyncio.gather(*(http.get(f"http://127.0.0.1:{port}/control/v1/state") for port in ports))
    for answer in answers:
        answer.json()


async def _fill(studio: Studio, ports: list[int], states: Path) -> None:
    """Rows for running deployments, and files of what their gateways say of them."""
    version = (await studio.agents.create("trivial.py", AGENT, actor=ACTOR)).versions[0]
    for number, port in enumerate(ports):
        url = f"http://127.0.0.1:{port}"
        token = studio.secrets.encrypt("token")
        gateway = Gateway(name=f"g-{number}", kind=GatewayKind.REMOTE, url=url, encrypted_token=token, created_by="x")
        await studio.gateways.save_new(gateway)
        rows = [_row(gateway, version, place) for place in range(DEPLOYMENTS)]
        await studio.database.write(lambda session, rows=rows: session.add_all(rows))
        revisions = [_revision(row, version) for row in rows]
        await studio.database.write(lambda session, rows=revisions: session.add_all(rows))
        held = [_held(row, version) for row in rows]
        state = GatewayState(version="1", boot_id="b", pid=1, started_at=now(), ready=True, deployments=held)
        (states / f"{port}.json").write_text(state.model_dump_json())


def _row(gateway: Gateway, version: AgentVersion, place: int) -> Deployment:
    return Deployment(
        agent_id=version.agent_id,
        version=version.version,
        gateway_id=gateway.id,
        status=DeploymentStatus.RUNNING,
        deployed_by="bench",
        api_endpoint=f"{gateway.url}/workflows/d-{place}/execute",
        cli_command=f"nexdeck run d-{place}",
        name=f"d-{place}",
        live_revision=1,
    )


def _revision(row: Deployment, version: AgentVersion) -> Revision:
    return Revision(
        deployment_id=row.id,
        number=1,
        version_id=version.id,
        version=version.version,
        sha256=version.sha256,
        options=DeploymentOptions().model_dump(mode="json"),
        proven_at=now(),
        created_by="bench",
    )


def _held(row: Deployment, version: AgentVersion) -> DeploymentState:
    live = RevisionState(revision=1, sha256=version.sha256)
    options = LiveOptions(channels=list(Channel), require_key=False, limits=Limits())
    counters = Counters(requests=1000, errors=3, latency_ms_sum=12345.6)
    return DeploymentState(deployment_id=row.id, name=row.name, live=live, options=options, counters=counters)
