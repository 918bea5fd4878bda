"""What drifts on a gateway comes back by itself, and what could not be done at once is done when it can be."""

import os
import signal
import time
from collections.abc import Callable

import httpx
import pytest

from tests.integration.studio.test_lifecycle import call, deploy
from tests.programs import Studio


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def control(studio: Studio, row: dict, method: str, path: str) -> httpx.Response:
    token = (studio.data_dir / "gateways" / "local" / "token").read_text()
    url = f"{row['api_endpoint'].split('/workflows')[0]}/control/v1{path}"
    return httpx.request(method, url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60)


def test_what_somebody_took_off_the_gateway_comes_back(studio: Studio, echo: str) -> None:
    row = deploy(studio, echo, "drifting")["deployment"]
    control(studio, row, "DELETE", f"/deployments/{row['id']}").raise_for_status()
    assert call(row, text="x").status_code == 404
    eventually(lambda: call(row, text="x").status_code == 200)
    eventually(lambda: studio.http.get("/api/v1/deployments/drifting").json()["health_status"] == "healthy")
    events = studio.http.get("/api/v1/deployments/drifting/events").json()["items"]
    assert "reconciler" in [event["by"] for event in events]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_gateway_that_dies_comes_back_with_what_it_had(studio: Studio, echo: str, how: signal.Signals) -> None:
    row = deploy(studio, echo, f"survivor-{how.name.lower()}")["deployment"]
    before = control(studio, row, "GET", "/state").json()
    os.kill(before["pid"], how)

    def is_back() -> bool:
        try:
            state = control(studio, row, "GET", "/state").json()
            return state["boot_id"] != before["boot_id"] and call(row, text="back").status_code == 200
        except httpx.TransportError:
            return False

    eventually(is_back)
