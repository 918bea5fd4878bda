"""What one round of looking at every gateway, and of collecting what each counted, costs this process."""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx
import httpx_aiohttp
from sqlmodel import Session, func, select

from benchmarks.processes import ROOT, free_port
from benchmarks.report import Figure
from benchmarks.servers.canned_gateways import FIRST_CALLS, address
from nexdeck.app import garbage
from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.deployment import Deployment, DeploymentStatus, Revision
from nexdeck.models.gateway import Gateway, GatewayKind, GatewayStatus
from nexdeck.services.studio import Studio

ROUNDS = 5


def sweeps() -> list[Figure]:
    return [
        *_sweep(10, 100, 10, 0.060, "health and metrics of 10 gateways × 100 deployments, all called 10 times"),
        *_sweep(10, 100, 0, 0.060, "health and metrics of 10 gateways × 100 deployments, none called"),
        *_sweep(1_000, 0, 0, 0.35, "health and metrics of 1,000 gateways"),
    ]


def _sweep(gateways: int, deployments: int, calls: int, most: float, name: str) -> list[Figure]:
    port = free_port()
    numbers = map(str, (port, gateways, deployments, calls))
    command = [sys.executable, "-m", "benchmarks.servers.canned_gateways", *numbers]
    with (
        tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process,
    ):
        try:
            process.stdout.readline()
            ours, bare = asyncio.run(_measure(Path(folder), port, gateways, deployments, calls))
        finally:
            process.kill()
    return [Figure(name, ours, "s of CPU", "the bare requests", bare, f"≤ {most:g} s", ours <= most, "a round")]


async def _measure(folder: Path, port: int, gateways: int, deployments: int, calls: int) -> tuple[float, float]:
    studio = build_studio(Settings(data_dir=folder))
    _fill(studio, port, gateways, deployments)
    try:
        for _ in range(2):
            await studio.reconciler.sweep()
        garbage.expect_little()  # as the app does when it is up
        ours = [await _cost(studio.reconciler.sweep()) for _ in range(ROUNDS)]
        with Session(studio.database.engine) as session:  # it did what it is measured for
            counted = session.exec(select(func.sum(Deployment.request_count))).one() or 0
        assert counted == gateways * deployments * (FIRST_CALLS + calls * (2 + ROUNDS)), counted
    finally:
        await studio.stop()
    urls = [f"http://{address(number)}:{port}/livez" for number in range(gateways)]
    limits = httpx.Limits(max_connections=50)
    async with httpx_aiohttp.HttpxAiohttpClient(trust_env=False, limits=limits) as http:
        bare = [await _cost(asyncio.gather(*(http.get(url) for url in urls))) for _ in range(ROUNDS)]
    return median(ours), median(bare)


async def _cost(work) -> float:
    began = time.process_time()
    await work
    return time.process_time() - began


def _fill(studio: Studio, port: int, gateways: int, deployments: int) -> None:
    token = studio.secrets.encrypt("token")
    texts = dict.fromkeys(("deployed_by", "api_endpoint", "cli_command", "agent_id"), "x")
    with Session(studio.database.engine) as session:
        session.connection().exec_driver_sql("PRAGMA foreign_keys = OFF")
        for number in range(gateways):
            place = {"url": f"http://{address(number)}:{port}", "encrypted_token": token, "created_by": "b"}
            state = {"kind": GatewayKind.REMOTE, "status": GatewayStatus.ONLINE}
            session.add(Gateway(id=f"gtw_{number}", name=f"g-{number}", **state, **place))
            for each in range(deployments):
                name = f"dep-{number}-{each}"
                running = {"status": DeploymentStatus.RUNNING, "version": "1.0.0", "live_revision": 1}
                session.add(Deployment(id=name, name=name, gateway_id=f"gtw_{number}", **running, **texts))
                whose = {"deployment_id": name, "version_id": "v", "created_by": "b", "options": {}}
                session.add(Revision(number=1, version="1.0.0", sha256="ab", **whose))
        session.commit()
