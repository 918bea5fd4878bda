"""A deployment's life over REST, on a real gateway."""

import re
import time
from typing import Any

import httpx
import pytest

SPECIFIED = {
    *("id", "organization_id", "workspace_id", "agent_id", "orchestration_id", "version", "gateway_id", "status"),
    *("deployed_at", "deployed_by", "stopped_at", "api_endpoint", "cli_command", "mcp_endpoint", "last_health_check"),
    *("health_status", "error_message", "request_count", "error_count", "avg_latency_ms"),
}
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def call(deployment: dict[str, Any], inputs: dict[str, Any], key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.post(deployment["api_endpoint"], json={"inputs": inputs}, headers=headers, trust_env=False)


def change(rest: httpx.Client, method: str, path: str, **options: Any) -> dict[str, Any]:
    answer = rest.request(method, path, params={"wait": 60}, **options)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/operations/{answer.json()['operation']['id']}"
    assert answer.json()["operation"]["status"] == "succeeded", answer.json()["operation"]
    return answer.json()


def test_a_deployment_carries_all_that_the_specification_names(rest: httpx.Client, deploy) -> None:
    made = deploy("rest-spec")
    deployment = rest.get("/deployments/rest-spec").json()
    assert set(deployment) >= SPECIFIED
    assert (deployment["status"], deployment["live_revision"], deployment["gateway"]) == ("running", 1, "local")
    assert deployment["channels"] == ["api", "cli", "mcp"]
    assert deployment["input_schema"]["required"] == ["text"]
    assert deployment["sample"] == {"text": "hello", "times": 2}
    assert UTC.fullmatch(deployment["deployed_at"])
    by_id = rest.get(f"/deployments/{made['deployment']['id']}").json()
    health = {name: by_id[name] for name in by_id if "health" in name}  # it may have been looked at in between
    assert deployment | health == by_id
    steps = [(step["name"], step["status"]) for step in made["operation"]["steps"]]
    proofs = ("prove API", "prove CLI", "prove MCP")
    assert steps == [(name, "succeeded") for name in ("check", "build", "register", *proofs, "switch")]
    assert call(deployment, {"text": "a", "times": 2}).json()["outputs"]["agent"]["result"]["answer"] == "a a"


def test_a_change_answers_at_once_and_its_operation_tells_the_rest(rest: httpx.Client, deploy, echo: str) -> None:
    accepted = rest.post("/deployments", json={"agent": echo, "name": "rest-async"})
    assert accepted.status_code == 202
    operation = rest.get(f"/operations/{accepted.json()['operation']['id']}", params={"wait": 60}).json()
    assert (operation["status"], operation["kind"], operation["error"]) == ("succeeded", "deploy", None)
    change(rest, "DELETE", "/deployments/rest-async")


def test_stop_start_restart_redeploy_undeploy(rest: httpx.Client, deploy) -> None:
    deployment = deploy("rest-life")["deployment"]
    stopped = change(rest, "POST", "/deployments/rest-life/stop")["deployment"]
    assert (stopped["status"], stopped["desired_state"]) == ("stopped", "stopped")
    assert stopped["stopped_at"]
    assert call(deployment, {"text": "a"}).status_code == 404
    for action in ("start", "restart"):
        assert change(rest, "POST", f"/deployments/rest-life/{action}")["deployment"]["status"] == "running"
        assert call(deployment, {"text": "a"}).status_code == 200
    options = {"limits": {"timeout_seconds": 7}}
    body = {"options": options, "reason": "shorter"}
    redeployed = change(rest, "POST", "/deployments/rest-life/redeploy", json=body)["deployment"]
    assert redeployed["live_revision"] == 2
    assert redeployed["options"]["limits"]["timeout_seconds"] == 7
    revisions = rest.get("/deployments/rest-life/revisions").json()["items"]
    assert [(r["number"], r["reason"]) for r in revisions] == [(2, "shorter"), (1, "")]
    change(rest, "DELETE", "/deployments/rest-life")
    assert rest.get("/deployments/rest-life").status_code == 404
    assert call(deployment, {"text": "a"}).status_code == 404
    kept = rest.get(f"/deployments/{deployment['id']}")
    assert kept.status_code == 200
    again = rest.post(f"/deployments/{deployment['id']}/start")
    assert (again.status_code, again.json()["code"]) == (409, "undeployed")


def test_keys_are_shown_once_and_refused_after_they_were_revoked(rest: httpx.Client, deploy) -> None:
    made = deploy("rest-keys", require_key=True)
    deployment, first = made["deployment"], made["key"]
    assert [call(deployment, {"text": "a"}, key).status_code for key in (None, "wrong", first)] == [401, 401, 200]
    answer = rest.post("/deployments/rest-keys/keys", json={"name": "second"})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    second = answer.json()
    assert call(deployment, {"text": "a"}, second["key"]).status_code == 200
    listed = rest.get("/deployments/rest-keys/keys")
    assert {key["name"] for key in listed.json()["items"]} == {"first key", "second"}
    assert second["key"] not in listed.text
    assert rest.delete(f"/deployments/rest-keys/keys/{second['id']}").status_code == 204
    assert call(deployment, {"text": "a"}, second["key"]).status_code == 401
    assert call(deployment, {"text": "a"}, first).status_code == 200


def test_health_is_looked_at_by_post_and_told_by_get(rest: httpx.Client, deploy) -> None:
    identity = deploy("rest-health")["deployment"]["id"]
    seen = rest.post("/deployments/rest-health/health").json()
    assert (seen["deployment_id"], seen["health_status"]) == (identity, "healthy")
    assert UTC.fullmatch(seen["checked_at"])
    assert rest.get("/deployments/rest-health/health").json()["health_status"] == "healthy"


def test_events_tell_the_story(rest: httpx.Client, deploy) -> None:
    deploy("rest-events")
    events = rest.get("/deployments/rest-events/events").json()["items"]
    assert events[0]["to_status"] == "running"
    assert events[-1]["to_status"] == "pending"
    assert {event["by"] for event in events} == {"local"}


def test_lists_are_filtered_sorted_and_paged(rest: httpx.Client, deploy, echo: str) -> None:
    for name in ("rest-list-a", "rest-list-b", "rest-list-c"):
        deploy(name)
    change(rest, "POST", "/deployments/rest-list-b/stop")

    def names(**query: Any) -> list[str]:
        answer = rest.get("/deployments", params={"q": "rest-list", "sort": "name"} | query)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert names() == ["rest-list-a", "rest-list-b", "rest-list-c"]
    assert names(sort="-name") == ["rest-list-c", "rest-list-b", "rest-list-a"]
    assert names(status="stopped") == ["rest-list-b"]
    assert names(status="failed") == []
    assert names(gateway="local", agent=echo, limit=2) == ["rest-list-a", "rest-list-b"]
    assert names(agent="another") == []
    assert names(limit=2, cursor="2") == ["rest-list-c"]
    assert names(cursor="100") == []


def test_a_deployment_that_cannot_be_made_leaves_nothing_behind(rest: httpx.Client, deploy, echo: str) -> None:
    deploy("rest-taken")
    refusals = [
        ({"agent": "nobody"}, 404, "not_found"),
        ({"agent": echo, "version": "9.9.9"}, 404, "not_found"),
        ({"agent": echo, "gateway": "nowhere"}, 404, "not_found"),
        ({"agent": echo, "name": "rest-taken"}, 409, "deployment_exists"),
        ({"agent": echo, "name": "Not A Name"}, 422, "invalid_input"),
        ({"agent": echo, "name": "rest-none", "options": {"secrets": ["REST_MISSING"]}}, 422, "missing_secret"),
        ({"agent": echo, "name": "rest-none", "options": {"sample_input": {"times": "x"}}}, 422, "invalid_sample"),
    ]
    before = rest.get("/deployments").json()["total"]
    for body, status, code in refusals:
        answer = rest.post("/deployments", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert rest.get("/deployments").json()["total"] == before


def test_a_failed_proof_says_why(rest: httpx.Client, deploy) -> None:
    made = deploy("rest-failing", sample_input={"text": "fail"})
    assert (made["operation"]["status"], made["deployment"]["status"]) == ("failed", "failed")
    assert "told to fail" in made["deployment"]["error_message"]
    failed = next(step for step in made["operation"]["steps"] if step["status"] == "failed")
    assert failed["name"] == "prove API"
    assert made["operation"]["steps"][-1]["status"] == "skipped"


def test_an_operation_can_be_cancelled(rest: httpx.Client, studio) -> None:
    source = "import asyncio\n\n\nasync def agent() -> str:\n    await asyncio.sleep(30)\n    return 'late'\n"
    rest.post("/agents", json={"filename": "rest_slow.py", "source": source}).raise_for_status()
    accepted = rest.post("/deployments", json={"agent": "rest-slow"}).json()
    cancelled = rest.post("/deployments/rest-slow/cancel", params={"wait": 30})
    assert cancelled.status_code == 202, cancelled.text
    assert cancelled.json()["operation"]["id"] == accepted["operation"]["id"]
    assert cancelled.json()["operation"]["status"] == "cancelled"
    nothing = rest.post("/deployments/rest-slow/cancel")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_cancel")
    change(rest, "DELETE", "/deployments/rest-slow")


def test_an_agent_in_use_is_not_deleted(rest: httpx.Client, deploy, echo: str) -> None:
    deploy("rest-in-use")
    answer = rest.delete(f"/agents/{echo}")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")


def test_counters_arrive(rest: httpx.Client, deploy) -> None:
    deployment = deploy("rest-counters")["deployment"]
    for text in ("a", "b", "fail"):
        call(deployment, {"text": text})
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        rest.post("/deployments/rest-counters/health")
        seen = rest.get("/deployments/rest-counters").json()
        if seen["request_count"] >= 3:
            break
        time.sleep(0.2)
    assert (seen["request_count"] >= 3, seen["error_count"]) == (True, 1)
    assert seen["avg_latency_ms"] > 0


def test_gateways(rest: httpx.Client, studio) -> None:
    listed = rest.get("/gateways").json()["items"]
    local = next(gateway for gateway in listed if gateway["name"] == "local")
    assert (local["kind"], local["status"]) == ("local", "online")
    assert not [name for name in local if "token" in name]
    assert rest.post("/gateways/local/check").json()["status"] == "online"
    assert rest.get(f"/gateways/{local['id']}").json()["name"] == "local"
    assert rest.delete("/gateways/local").status_code == 409
    assert rest.patch("/gateways/local", json={"token": "x"}).status_code == 409
    refused = rest.post("/gateways", json={"name": "again", "url": local["url"], "token": "wrong"})
    assert (refused.status_code, refused.json()["code"]) == (422, "gateway_refused")
    assert "again" not in rest.get("/gateways").text


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://127.0.0.1:1", None),
        ("http://169.254.169.254/latest", None),
        ("http://user:pass@127.0.0.1:1", None),
        ("javascript:alert(1)", None),
        ("http://127.0.0.1:1", "gateway_unreachable"),
        ("http://no-such-host.invalid:1", "gateway_unreachable"),
    ],
)
def test_odd_gateways_are_refused(rest: httpx.Client, url: str, code: str | None) -> None:
    answer = rest.post("/gateways/test", json={"url": url, "token": "t"})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "url" in [error["path"] for error in answer.json()["errors"]]
    assert code in (None, answer.json()["code"])
