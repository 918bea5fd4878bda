"""How long a deployment takes to be proven live, and whether callers notice a redeploy."""

import asyncio
import statistics
import subprocess
import sys
import time

import httpx

from benchmarks.processes import HTTP, ROOT, Nexdeck
from benchmarks.report import Figure
from benchmarks.throughput import BODY

ROUNDS = 15
REDEPLOYS, ROLLBACKS = 100, 20
CLIENTS = 16


def deploy_time(studio: Nexdeck) -> list[Figure]:
    times = []
    for round_number in range(ROUNDS):
        began = time.perf_counter()
        studio.deploy("trivial", name=f"timed-{round_number}")
        times.append(time.perf_counter() - began)
    command = [sys.executable, "-m", "nexdeck.app.cli", "run", "timed-0", "text=hello", "--json", "--url", studio.url]
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    one_command = time.perf_counter() - began
    median = statistics.median(times)
    name, note = "deploy, from POST to proven live on 3 channels", f"median of {ROUNDS}, longest {max(times):.2f} s"
    return [Figure(name, median, "s", "one `nexdeck run` alone", one_command, "≤ 1 s", median <= 1.0, note)]


def redeploys(studio: Nexdeck) -> list[Figure]:
    failed, calls, during = asyncio.run(_redeploy_under_load(studio))
    name = f"failed requests in {REDEPLOYS} redeploys and {ROLLBACKS} rollbacks under {CLIENTS} clients"
    figure = Figure(name, failed, "of " + f"{calls:,}", "without redeploys", 0, "0", failed == 0, f"in {during:.0f} s")
    return [figure]


async def _redeploy_under_load(studio: Nexdeck) -> tuple[int, int, float]:
    deployed = await asyncio.to_thread(studio.deploy, "trivial", "reloaded")
    failed = calls = 0
    over = asyncio.Event()

    async def client() -> None:
        nonlocal failed, calls
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            while not over.is_set():
                calls += 1
                try:
                    answer = await http.post(deployed["api_endpoint"], json=BODY)
                    failed += answer.status_code != 200
                except httpx.TransportError:
                    failed += 1

    clients = [asyncio.create_task(client()) for _ in range(CLIENTS)]
    began = time.perf_counter()
    try:
        for kind in (*["redeploy"] * REDEPLOYS, *["rollback"] * ROLLBACKS):
            path, reason = f"deployments/{deployed['id']}/{kind}?wait=60", {"reason": "bench"}
            change = await asyncio.to_thread(studio.post, path, reason)
            if change["operation"]["status"] != "succeeded":
                raise RuntimeError(change["operation"])
    finally:
        over.set()
        await asyncio.gather(*clients)
    HTTP.delete(f"{studio.url}/api/v1/deployments/{deployed['id']}?wait=30")
    return failed, calls, time.perf_counter() - began
