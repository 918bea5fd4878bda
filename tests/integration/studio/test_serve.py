"""The program itself: what keeps it from starting, and what becomes of things when it is killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.integration.studio.conftest import echo_source
from tests.integration.studio.test_reconciler import control, eventually
from tests.programs import ROOT, Studio, free_port, running_studio

SLOW = "import time\n\nSAMPLE = {}\n\n\ndef slow() -> dict:\n    time.sleep(3)\n    return {}\n"


def serve(**settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nexdeck.app.cli", "serve"]
    return subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=60)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_port_in_use_a_folder_in_use_and_a_foreign_address_are_each_one_clear_line(studio: Studio) -> None:
    port, folder = studio.url.rsplit(":", 1)[1], str(studio.data_dir)
    refusals = [
        (serve(NEXDECK_PORT=port, NEXDECK_DATA_DIR=f"{folder}-other"), 4, "choose another port"),
        (serve(NEXDECK_PORT=str(free_port()), NEXDECK_DATA_DIR=folder), 4, "Another Nexdeck uses the data folder"),
        (serve(NEXDECK_HOST="0.0.0.0", NEXDECK_DATA_DIR=f"{folder}-other"), 2, "loopback only"),
        (serve(NEXDECK_PORT=str(free_port()), NEXDECK_DATA_DIR="/dev/null/x"), 2, "cannot be used"),
        (serve(NEXDECK_PORT="99999", NEXDECK_DATA_DIR=f"{folder}-other"), 2, "port: Input should be less than"),
    ]
    for result, code, words in refusals:
        assert (result.returncode, words in result.stderr) == (code, True), result.stderr
        assert "Traceback" not in result.stderr


def pid_of(data: Path, gateway: str) -> int | None:
    """The process that serves the gateway, found by its data folder."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if str(data / "data" / "gateways" / gateway).encode() in words:
                return int(folder.name)
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_nothing_is_left_running_after_an_orderly_end(tmp_path: Path) -> None:
    with running_studio(tmp_path) as studio:
        echo = {"filename": "echo.py", "source": echo_source()}
        assert studio.http.post("/api/v1/agents", json=echo).status_code == 201
        change = studio.http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": "echo"}).json()
        first = control(studio, change["deployment"], "GET", "/state").json()["pid"]
        second = {"name": "second", "kind": "local"}
        assert studio.http.post("/api/v1/gateways", json=second).status_code == 201
        eventually(lambda: pid_of(tmp_path, "second") is not None)
        pids = [first, pid_of(tmp_path, "second")]
        assert [is_alive(pid) for pid in pids] == [True, True]
    assert [is_alive(pid) for pid in pids] == [False, False]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_kill_in_the_middle_of_a_deployment_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="did not end well"), running_studio(tmp_path) as studio:
        for filename, source in (("slow.py", SLOW), ("echo.py", echo_source())):
            studio.http.post("/api/v1/agents", json={"filename": filename, "source": source}).raise_for_status()
        kept = studio.http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": "echo"}).json()
        gateway = control(studio, kept["deployment"], "GET", "/state").json()["pid"]
        begun = studio.http.post("/api/v1/deployments", json={"agent": "slow"}).json()
        time.sleep(1)
        studio.process.send_signal(signal.SIGKILL)
        studio.process.wait()
        inputs = {"inputs": {"text": "still here"}}
        assert httpx.post(kept["deployment"]["api_endpoint"], json=inputs, trust_env=False).status_code == 200
    with running_studio(tmp_path) as studio:
        assert control(studio, kept["deployment"], "GET", "/state").json()["pid"] == gateway, "it was not taken over"

        def status() -> str:
            return studio.http.get(f"/api/v1/deployments/{begun['deployment']['id']}").json()["status"]

        eventually(lambda: status() == "running", 60)
        assert studio.http.get("/api/v1/deployments/echo").json()["status"] == "running"
    assert not is_alive(gateway)
