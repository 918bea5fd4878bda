"""Starts the programs that are measured, each on a free port and in a folder of its own, and ends them."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
HTTP = httpx.Client(trust_env=False, timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen, seconds: float = 30.0, pause: float = 0.005) -> float:
    """Seconds until the address answered 200. Raises when the process ended or the time is over."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with exit code {process.returncode}")
        try:
            if HTTP.get(url).status_code == 200:
                return time.perf_counter() - began
        except httpx.TransportError:
            time.sleep(pause)
    raise TimeoutError(f"{url} did not answer 200 within {seconds} s")


@contextmanager
def program(*arguments: str, **environment: str) -> Iterator[subprocess.Popen]:
    """A Python program of ours: ``program("-m", "nexdeck.app.cli", "serve", NEXDECK_PORT="…")``."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("BENCH_VERBOSE") else subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Nexdeck:
    """A running Nexdeck with an empty data folder, and what the benchmarks ask of it over REST."""

    def __init__(self, process: subprocess.Popen, url: str, data_dir: Path) -> None:
        self.process, self.url, self.data_dir = process, url, data_dir

    def post(self, path: str, body: dict | None = None, expected: int = 202) -> dict:
        answer = HTTP.post(f"{self.url}/api/v1/{path}", json=body or {})
        if answer.status_code != expected:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def add_agent(self, name: str, source: str, suffix: str = "py") -> None:
        self.post("agents", {"filename": f"{name.replace('-', '_')}.{suffix}", "source": source}, 201)

    def deploy(self, agent: str, name: str | None = None, **options) -> dict:
        """Deploy and wait; the deployment as the API shows it, plus ``key`` where one was asked for."""
        change = self.post("deployments?wait=60", {"agent": agent, "name": name or agent, "options": options})
        if change["operation"]["status"] != "succeeded":
            raise RuntimeError(f"deploying {agent}: {change['operation']}")
        return {**change["deployment"], "key": change.get("key")}


@contextmanager
def nexdeck(**environment: str) -> Iterator[Nexdeck]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder:
        settings = {"NEXDECK_PORT": str(port), "NEXDECK_DATA_DIR": folder, "NEXDECK_GATEWAY_PORT": str(free_port())}
        with program("-m", "nexdeck.app.cli", "serve", **settings, **environment) as process:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/readyz", process)
            yield Nexdeck(process, url, Path(folder))
