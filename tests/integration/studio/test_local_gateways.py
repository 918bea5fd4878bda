"""Several gateways beside one Nexdeck: each its own process, port and folder, from its creation to its removal."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.integration.studio.test_lifecycle import call, change
from tests.integration.studio.test_reconciler import eventually
from tests.integration.studio.test_serve import is_alive
from tests.programs import STOP_SECONDS, Studio, start_studio


def gateway(studio: Studio, name: str) -> dict:
    answer = studio.http.get(f"/api/v1/gateways/{name}")
    return answer.json() if answer.status_code == 200 else {}


def state_of(studio: Studio, name: str) -> dict:
    """What the process itself says; empty while it does not answer."""
    token = (studio.data_dir / "gateways" / name / "token").read_text()
    try:
        url = f"{gateway(studio, name)['url']}/control/v1/state"
        return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=10).json()
    except (httpx.TransportError, KeyError):
        return {}


def test_another_gateway_from_its_creation_to_its_removal(studio: Studio, echo: str) -> None:
    made = studio.cli("gateways", "add", "second", "--local")
    assert (made.returncode, "second is starting" in made.stdout) == (0, True), made.stderr
    row = gateway(studio, "second")
    assert (row["kind"], row["url"] != gateway(studio, "local")["url"]) == ("local", True)
    body = {"agent": echo, "name": "apart", "gateway": "second"}
    assert change(studio, "POST", "deployments", body)["operation"]["status"] == "succeeded"
    apart = studio.http.get("/api/v1/deployments/apart").json()
    assert apart["api_endpoint"].startswith(row["url"])
    assert call(apart, text="x").status_code == 200

    before = state_of(studio, "second")
    restarted = studio.cli("gateways", "restart", "second")
    assert restarted.returncode == 0, restarted.stderr
    eventually(lambda: state_of(studio, "second").get("ready", False) and call(apart, text="x").status_code == 200)
    after = state_of(studio, "second")
    assert (after["pid"] != before["pid"], is_alive(before["pid"])) == (True, False)

    refused = studio.cli("gateways", "remove", "second", "--yes")
    assert (refused.returncode, "Undeploy first what is on second: apart" in refused.stderr) == (4, True)
    assert call(apart, text="x").status_code == 200
    change(studio, "DELETE", "deployments/apart")
    removed = studio.cli("gateways", "remove", "second", "--yes")
    assert removed.returncode == 0, removed.stderr
    assert (gateway(studio, "second"), is_alive(after["pid"])) == ({}, False)
    assert not (studio.data_dir / "gateways" / "second").exists()
    history = studio.http.get(f"/api/v1/deployments/{apart['id']}").json()
    assert history["gateway"].startswith("second (removed")

    again = studio.http.post("/api/v1/gateways", json={"name": "second", "kind": "local"})
    assert again.status_code == 201, again.text
    assert studio.http.delete("/api/v1/gateways/second").status_code == 204


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"name": "local", "kind": "local"}, 409, "There is a gateway named local already"),
        ({"name": "Not A Name", "kind": "local"}, 422, "lower-case"),
        ({"name": "../up", "kind": "local"}, 422, "lower-case"),
        ({"name": "x", "kind": "local", "url": "http://10.0.0.1"}, 422, "url is chosen by Nexdeck"),
        ({"name": "x"}, 422, "url is missing"),
    ],
)
def test_what_is_refused(studio: Studio, body: dict, status: int, words: str) -> None:
    answer = studio.http.post("/api/v1/gateways", json=body)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_the_first_gateway_stays(studio: Studio) -> None:
    answer = studio.http.delete("/api/v1/gateways/local")
    assert (answer.status_code, "it stays" in answer.json()["detail"]) == (409, True)
    assert studio.cli("gateways", "add", "x").returncode == 2
    assert studio.cli("gateways", "add", "x", "http://127.0.0.1:1", "--local").returncode == 2


def test_a_dedicated_gateway_comes_and_goes_with_its_deployment(studio: Studio, echo: str) -> None:
    deployed = studio.cli("deploy", echo, "--name", "alone", "--dedicated")
    assert deployed.returncode == 0, deployed.stderr
    alone = studio.http.get("/api/v1/deployments/alone").json()
    assert gateway(studio, "alone")["dedicated_to"] == alone["id"]
    assert call(alone, text="x").status_code == 200

    other = studio.http.post("/api/v1/deployments", json={"agent": echo, "name": "guest", "gateway": "alone"})
    assert (other.status_code, other.json()["code"]) == (409, "gateway_dedicated")
    taken = studio.http.post("/api/v1/deployments", json={"agent": echo, "name": "local", "dedicated": True})
    assert (taken.status_code, taken.json()["code"]) == (409, "gateway_exists")
    body = {"agent": echo, "gateway": "local", "dedicated": True}
    assert studio.http.post("/api/v1/deployments", json=body).status_code == 422

    declared = studio.cli("export").stdout
    entry = next(part for part in declared.split("- name: ") if part.startswith("alone\n"))
    assert "dedicated: true" in entry and "gateway" not in entry
    alone_declared = f"deployments:\n- name: {entry}"  # those of other tests may have failed, and would be started
    planned = studio.cli("apply", "-f", "-", "--dry-run", stdin=alone_declared)
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith("Nothing to do.\n")

    before = state_of(studio, "alone")
    os.kill(before["pid"], signal.SIGSTOP)
    eventually(lambda: not is_alive(before["pid"]), 90)
    eventually(lambda: state_of(studio, "alone").get("ready", False) and call(alone, text="x").status_code == 200, 60)
    assert "did not answer 3 times in a row" in (studio.data_dir / "gateways" / "alone" / "process.log").read_text()

    after = state_of(studio, "alone")
    change(studio, "DELETE", "deployments/alone")
    eventually(lambda: gateway(studio, "alone") == {})
    eventually(lambda: not (is_alive(after["pid"]) or (studio.data_dir / "gateways" / "alone").exists()))
    undone = [row["name"] for row in studio.http.get("/api/v1/gateways").json()["items"]]
    assert not {"alone", "guest"} & set(undone)


def test_a_gateway_that_was_left_behind_and_hangs_is_replaced(tmp_path: Path) -> None:
    first = start_studio(tmp_path)
    left = state_of(first, "local")["pid"]
    first.kill()
    os.kill(left, signal.SIGSTOP)
    try:
        again = start_studio(tmp_path)
        eventually(lambda: state_of(again, "local").get("ready", False), 60)
        assert state_of(again, "local")["pid"] != left
        assert not is_alive(left)
        again.process.terminate()
        assert again.process.wait(STOP_SECONDS) == 0
    finally:
        again.kill()
