"""How long callers wait after a gateway was killed until everything on it answers again."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.processes import HTTP, Nexdeck
from benchmarks.report import Figure
from benchmarks.throughput import BODY

DEPLOYMENTS = 50
ROUNDS = 3


def after_a_kill(studio: Nexdeck) -> list[Figure]:
    with ThreadPoolExecutor(2) as pool:
        names = [f"killed-{number}" for number in range(DEPLOYMENTS)]
        rows = list(pool.map(lambda name: studio.deploy("trivial", name=name, channels=["api"]), names))
    urls = [row["api_endpoint"] for row in rows]
    until_one, until_all = zip(*(_kill_and_wait(studio, urls) for _ in range(ROUNDS)), strict=True)
    for row in rows:
        HTTP.delete(f"{studio.url}/api/v1/deployments/{row['id']}?wait=30")
    worst = max(until_all)
    name, note = f"kill -9 of a gateway: {DEPLOYMENTS} deployments serve again", f"worst of {ROUNDS} kills"
    return [Figure(name, worst, "s", "the first of them serves", max(until_one), "≤ 5 s", worst <= 5, note)]


def _kill_and_wait(studio: Nexdeck, urls: list[str]) -> tuple[float, float]:
    """Seconds until the first of them answered, and until all did."""
    began = time.perf_counter()
    os.kill(_pid_of(urls[0]), signal.SIGKILL)
    missing, first = set(urls), 0.0
    while missing:
        answered = {url for url in missing if _serves(url)}
        if answered and not first:
            first = time.perf_counter() - began
        missing -= answered
        if time.perf_counter() - began > 60:
            raise TimeoutError(f"{len(missing)} of {len(urls)} deployments do not serve again")
        time.sleep(0.02)
    return first, time.perf_counter() - began


def _serves(url: str) -> bool:
    try:
        return HTTP.post(url, json=BODY).status_code == 200
    except httpx.TransportError:
        return False


def _pid_of(url: str) -> int:
    """The process that listens on the port of the URL."""
    port = str(httpx.URL(url).port).encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"nexdeck.app.gateway" in words and port in words:
                return int(folder.name)
    raise LookupError(f"no gateway listens at {url}")
