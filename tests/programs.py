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
OWN_PROGRAM = (sys.executable, "-m", "nexdeck.app.cli")
READY_SECONDS = 90.0
STOP_SECONDS = 40.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Studio:
    """A running ``nexdeck serve``. ``env`` makes a command a client of it; ``http`` is based at the server's root."""

    url: str
    data_dir: Path
    env: dict[str, str]
    process: subprocess.Popen
    log: Path
    program: tuple[str, ...]
    cwd: Path
    http: httpx.Client = field(repr=False)

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        self.http.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def rest(self) -> httpx.Client:
        """A client whose base is ``/api/v1``."""
        return httpx.Client(base_url=f"{self.url}/api/v1", timeout=120, trust_env=False)

    def cli(self, *arguments: str, stdin: str | bytes = "", **env: str) -> subprocess.CompletedProcess[str]:
        """``nexdeck ARGUMENTS`` as a user would run it, in a process of its own."""
        return subprocess.run(
            [*self.program, *arguments],
            cwd=self.cwd,
            env={**self.env, **env},
            input=stdin.decode() if isinstance(stdin, bytes) else stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )


@contextmanager
def running_studio(
    folder: Path, program: tuple[str, ...] = OWN_PROGRAM, cwd: Path = ROOT, **settings: str
) -> Iterator[Studio]:
    """Serve, with everything of it in ``folder``, until the block ends; then SIGTERM, which must end it with code 0.

    ``program`` is the ``nexdeck`` to run, in ``cwd``; ``settings`` are further environment variables.
    """
    studio = start_studio(folder, program, cwd, **settings)
    try:
        yield studio
        studio.process.send_signal(signal.SIGTERM)
        assert studio.process.wait(STOP_SECONDS) == 0, f"it did not end well:\n{_tail(studio.log)}"
    finally:
        studio.kill()


def start_studio(folder: Path, program: tuple[str, ...] = OWN_PROGRAM, cwd: Path = ROOT, **settings: str) -> Studio:
    """Serve on a free port. Returns when it is ready; whoever starts it ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / "nexdeck.log"
    env = {name: value for name, value in os.environ.items() if not name.startswith("NEXDECK_")} | {
        "NEXDECK_PORT": str(port),
        "NEXDECK_URL": f"http://127.0.0.1:{port}",
        "NEXDECK_DATA_DIR": str(folder / "data"),
        "NEXDECK_GATEWAY_PORT": str(free_port()),
        "NEXDECK_SWEEP_SECONDS": "1",
        **settings,
    }
    with log.open("ab") as output:
        process = subprocess.Popen([*program, "serve"], cwd=cwd, env=env, stdout=output, stderr=output)
    http = httpx.Client(base_url=env["NEXDECK_URL"], timeout=120, trust_env=False)
    studio = Studio(env["NEXDECK_URL"], folder / "data", env, process, log, program, cwd, http)
    try:
        _wait_until_ready(studio)
    except BaseException:
        studio.kill()
        raise
    return studio


def _wait_until_ready(studio: Studio) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if (code := studio.process.poll()) is not None:
            raise RuntimeError(f"nexdeck serve ended with {code}:\n{_tail(studio.log)}")
        try:
            if studio.http.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"nexdeck serve is not ready after {READY_SECONDS:g} s:\n{_tail(studio.log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-5000:]
