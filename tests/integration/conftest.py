"""A real Nexdeck for the integration tests: its own process, its own data folder, with its local gateway beside it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
READY_SECONDS = 90.0
STOP_SECONDS = 40.0


@dataclass(frozen=True)
class StudioServer:
    """A running ``nexdeck serve``. ``env`` makes ``python -m app.cli`` a client of it."""

    url: str
    data_dir: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def rest(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/api/v1", timeout=120, trust_env=False)

    def cli(self, *arguments: str, stdin: str | bytes = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run one command as a user would, in a process of its own."""
        given = stdin.decode() if isinstance(stdin, bytes) else stdin
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            env={**self.env, **env},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """One for all tests of the session: give agents and deployments names of your own, and leave nothing behind."""
    with running_studio(tmp_path_factory.mktemp("studio")) as server:
        yield server


@pytest.fixture
def rest(studio_server: StudioServer) -> Iterator[httpx.Client]:
    """A client whose base is ``/api/v1``."""
    with studio_server.rest() as client:
        yield client


@contextmanager
def running_studio(folder: Path, **settings: str) -> Iterator[StudioServer]:
    """Start ``nexdeck serve`` with everything of it in ``folder``, wait until it is ready, and end it by SIGTERM, which
    it must obey with exit code 0. ``settings`` are further environment variables."""
    port, gateway_port = _free_ports(2)
    url = f"http://127.0.0.1:{port}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("NEXDECK_")} | {
        "NEXDECK_URL": url,
        "NEXDECK_PORT": str(port),
        "NEXDECK_GATEWAY_PORT": str(gateway_port),
        "NEXDECK_DATA_DIR": str(folder / "data"),
        **settings,
    }
    log = folder / "nexdeck.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    server = StudioServer(url, folder / "data", env, process, log)
    try:
        _wait_until_ready(server)
        yield server
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, f"it did not end well:\n{_tail(log)}"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_until_ready(server: StudioServer) -> None:
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up:
        if (code := server.process.poll()) is not None:
            pytest.fail(f"nexdeck serve ended with {code}:\n{_tail(server.log)}")
        try:
            if httpx.get(f"{server.url}/readyz", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"nexdeck serve is not ready after {READY_SECONDS:g} s:\n{_tail(server.log)}")


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-5000:]
