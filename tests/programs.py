"""Real programs for tests: started on free ports and in folders of their own, and ended as a user would end them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Studio:
    """A running ``nexdeck serve``: ``env`` is what a command needs to find it."""

    url: str
    data_dir: Path
    env: dict[str, str]
    process: subprocess.Popen
    http: httpx.Client = field(repr=False)

    def command(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """``nexdeck ARGUMENTS``, as a process of its own."""
        command = [sys.executable, "-m", "app.cli", *arguments]
        return subprocess.run(command, env=self.env, input=stdin, capture_output=True, text=True, timeout=90)

    def log(self) -> str:
        return (self.data_dir / "serve.log").read_text()


@contextmanager
def studio_server(data_dir: Path, **environment: str) -> Iterator[Studio]:
    """Serve until the block ends; then SIGTERM, and the exit code must be 0 and no gateway left behind."""
    port = free_port()
    env = os.environ | {
        "NEXDECK_PORT": str(port),
        "NEXDECK_URL": f"http://127.0.0.1:{port}",
        "NEXDECK_DATA_DIR": str(data_dir),
        "NEXDECK_GATEWAY_PORT": str(free_port()),
        "NEXDECK_SWEEP_SECONDS": "1",
        **environment,
    }
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "serve.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "main.py"], cwd=ROOT, env=env, stdout=log, stderr=log)
    with httpx.Client(base_url=env["NEXDECK_URL"], timeout=90, trust_env=False) as http:
        studio = Studio(env["NEXDECK_URL"], data_dir, env, process, http)
        try:
            _wait_until_ready(studio)
            yield studio
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(30)
    assert code == 0, f"it ended with exit code {code}:\n{studio.log()[-3000:]}"


def _wait_until_ready(studio: Studio, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if studio.process.poll() is not None:
            raise RuntimeError(f"it did not start:\n{studio.log()[-3000:]}")
        try:
            if studio.http.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"not ready within {seconds} s:\n{studio.log()[-3000:]}")
