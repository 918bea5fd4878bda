"""The clock is set forward and back while Nexdeck runs: nothing ends early, nothing waits for the old time to come."""

import os
import time
from pathlib import Path

import pytest

from tests.gateway_process import wait_for
from tests.integration.studio.conftest import echo_source
from tests.integration.studio.test_lifecycle import call, change
from tests.integration.studio.test_reconciler import control
from tests.programs import running_studio
from tests.system import faketime

LIBRARY = faketime()
SLOW = "import asyncio\n\nSAMPLE = {}\n\n\nasync def slow() -> dict:\n    await asyncio.sleep(2)\n    return {}\n"

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="needs the Debian package faketime")


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that says by how much the time of day is wrong in the programs that are started."""
    offset = tmp_path / "offset"
    offset.write_text("+0")
    monkeypatch.setenv("LD_PRELOAD", LIBRARY)
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(offset))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    return offset


def test_the_clock_jumps_forward_and_back_in_the_middle_of_operations(tmp_path: Path, clock: Path) -> None:
    with running_studio(tmp_path / "studio", NEXDECK_SWEEP_SECONDS="2") as studio:
        os.environ.pop("LD_PRELOAD")  # only what was started then has a wrong clock
        for filename, source in (("slow.py", SLOW), ("echo.py", echo_source())):
            studio.http.post("/api/v1/agents", json={"filename": filename, "source": source}).raise_for_status()
        options = {"channels": ["api"]}
        row = change(studio, "POST", "deployments", {"agent": "echo", "options": options})["deployment"]
        for number, offset in enumerate(("+1d", "-1d", "+0")):
            body = {"agent": "slow", "name": f"slow-{number}", "options": options}
            begun = studio.http.post("/api/v1/deployments", json=body).json()
            time.sleep(0.5)  # into the proof, which takes two seconds; nothing is proven by this pause
            clock.write_text(offset)
            control(studio, row, "DELETE", f"/deployments/{row['id']}").raise_for_status()
            wait_for(lambda: call(row, text="x").status_code == 200, 60, f"drift is not repaired at {offset}")
            path = f"/api/v1/operations/{begun['operation']['id']}"
            wait_for(lambda p=path: studio.http.get(p).json()["status"] == "succeeded", 60, f"stuck at {offset}")
            done = change(studio, "POST", "deployments/echo/redeploy")
            assert done["operation"]["status"] == "succeeded"
        assert "the clock jumped" in studio.log.read_text()
