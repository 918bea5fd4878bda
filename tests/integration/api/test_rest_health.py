"""Health, incidents, pauses and maintenance by REST and on the command line, against a running Nexdeck."""

import json

import httpx
import pytest

from tests.programs import Studio


@pytest.fixture
def watched(rest: httpx.Client, deploy) -> str:
    return deploy("rest-watched")["deployment"]["id"]


def test_health_tells_state_reason_and_uptime(rest: httpx.Client, watched: str) -> None:
    assert rest.post("/deployments/rest-watched/health").json()["health_status"] == "healthy"
    seen = rest.get("/deployments/rest-watched/health").json()
    assert (seen["deployment_id"], seen["health_status"], seen["cause"]) == (watched, "healthy", None)
    assert seen["reason"] == "Gateway local serves revision 1."
    assert set(seen["uptime"]) == {"24h", "7d", "30d", "90d"}
    assert seen["changes"][0]["state"] == "healthy"


def test_a_gateway_is_told_of_as_a_deployment_is(rest: httpx.Client, watched: str) -> None:
    gateway = rest.post("/gateways/local/check").json()["id"]
    seen, of_deployment = (
        rest.get(f"/{what}/health").json() for what in ("gateways/local", "deployments/rest-watched")
    )
    assert (seen["gateway_id"], seen["deployment_id"], of_deployment["gateway_id"]) == (gateway, None, gateway)
    assert (seen["health_status"], seen["reason"], seen["paused"]) == ("healthy", "It answers.", False)
    assert set(seen) == set(of_deployment)
    assert seen["changes"][0]["state"] == "healthy"
    assert rest.get("/gateways/rest-watched/health").status_code == 404


def test_the_board_filters_and_pages(rest: httpx.Client, watched: str) -> None:
    board = rest.get("/health", params={"limit": 1, "kind": "deployment", "q": "rest-watch"}).json()
    (row,) = board["items"]
    assert (row["id"], row["gateway"], len(row["uptime_slots"])) == (watched, "local", 90)
    assert "gateway" in {item["kind"] for item in rest.get("/health", params={"limit": 200}).json()["items"]}
    assert rest.get("/health", params={"range": "1y"}).status_code == 422


def test_paused_checks_are_told_and_go_on(rest: httpx.Client, watched: str) -> None:
    assert rest.post("/deployments/rest-watched/health/pause", json={"reason": "a test"}).status_code == 204
    seen = rest.get("/deployments/rest-watched/health").json()
    assert (seen["paused"], seen["health_status"], seen["pause_reason"]) == (True, "unknown", "a test")
    assert rest.post("/deployments/rest-watched/health").json()["health_status"] == "unknown"
    assert rest.post("/deployments/rest-watched/health/resume").status_code == 204
    assert rest.get("/deployments/rest-watched/health").json()["health_status"] == "healthy"


def test_paused_checks_of_a_gateway_are_told_and_go_on(rest: httpx.Client, studio: Studio, watched: str) -> None:
    assert rest.post("/gateways/local/health/pause", json={"reason": "new disks"}).status_code == 204
    try:
        seen = rest.get("/gateways/local/health").json()
        assert (seen["paused"], seen["health_status"], seen["pause_reason"]) == (True, "unknown", "new disks")
        assert [g["paused"] for g in rest.get("/gateways").json()["items"] if g["name"] == "local"] == [True]
        told = studio.cli("health", "local", "--gateway", "--check")
        assert f"paused by {seen['paused_by']}: new disks" in told.stdout, told.stderr
        assert "paused" in studio.cli("gateways", "list").stdout
    finally:
        assert rest.post("/gateways/local/health/resume").status_code == 204
    told = studio.cli("health", "local", "--gateway")
    assert "It answers." in told.stdout
    assert "paused by" not in told.stdout
    assert "rest-watched" not in studio.cli("health", "--gateway").stdout


def test_maintenance_is_planned_shown_and_ended(rest: httpx.Client, watched: str) -> None:
    times = {"starts_at": "2000-01-01T00:00:00Z", "ends_at": "2000-01-01T01:00:00Z"}
    refused = rest.post("/maintenance", json={**times, "reason": "too late"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "ends_at")
    times = {"starts_at": "2090-01-01T00:00:00+02:00", "ends_at": "2090-01-01T01:00:00+02:00"}
    planned = rest.post("/maintenance", json={**times, "reason": "<b>disk</b>", "deployment": "rest-watched"}).json()
    assert (planned["scope"], planned["starts_at"]) == ("rest-watched", "2089-12-31T22:00:00Z")
    assert planned["id"] in [item["id"] for item in rest.get("/maintenance").json()["items"]]
    assert rest.delete(f"/maintenance/{planned['id']}").status_code == 204
    assert rest.delete(f"/maintenance/{planned['id']}").status_code == 404


def test_pauses_and_maintenance_by_command(studio: Studio, watched: str) -> None:
    paused = studio.cli("checks", "pause", "rest-watched", "--reason", "it is known")
    assert (paused.returncode, paused.stdout) == (0, "The checks of rest-watched are paused.\n"), paused.stderr
    assert "it is known" in studio.cli("health", "rest-watched").stdout
    assert studio.cli("checks", "resume", "rest-watched").returncode == 0
    assert studio.cli("checks", "pause", "rest-watched", "--gateway").returncode == 3, "it is no gateway"

    words = ("maintenance", "add", "a new disk", "--deployment", "rest-watched", "--until", "2h")
    planned = json.loads(studio.cli(*words, "--json").stdout)
    assert (planned["scope"], planned["reason"]) == ("rest-watched", "a new disk")
    assert "under way" in studio.cli("maintenance", "list").stdout
    assert studio.cli("maintenance", "end", planned["id"]).returncode == 0
    assert planned["id"] not in studio.cli("maintenance", "list").stdout
    assert planned["id"] in studio.cli("maintenance", "list", "--all").stdout
    refused = studio.cli("maintenance", "add", "too late", "--until", "2000-01-01")
    assert (refused.returncode, "must be after the beginning" in refused.stderr) == (2, True)


def test_an_incident_that_is_not_there(rest: httpx.Client, studio: Studio) -> None:
    unknown = f"inc_{'0' * 16}"
    assert rest.get(f"/incidents/{unknown}").status_code == 404
    assert rest.post(f"/incidents/{unknown}/notes", json={"text": "?"}).status_code == 404
    assert studio.cli("incidents", "ack", unknown).returncode != 0


def test_the_command_line_tells_the_same(studio: Studio, watched: str) -> None:
    told = studio.cli("health", "rest-watched")
    assert "Gateway local serves revision 1." in told.stdout, told.stderr
    board = json.loads(studio.cli("health", "--json").stdout)
    assert watched in [row["id"] for row in board]
    assert studio.cli("incidents", "list").returncode == 0
