"""A deployment's life on a real gateway: each change proven, each failure explained, nothing left half-done."""

import time

import httpx

from tests.integration.studio.conftest import echo_source
from tests.programs import Studio

RAISING = '''SAMPLE = {"text": "x"}


def raising(text: str) -> dict:
    """Always fails."""
    raise ValueError("the mill is closed on sundays")
'''


def change(studio: Studio, method: str, path: str, body: dict | None = None) -> dict:
    answer = studio.http.request(method, f"/api/v1/{path}", params={"wait": 60}, json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def deploy(studio: Studio, agent: str, name: str, **options) -> dict:
    return change(studio, "POST", "deployments", {"agent": agent, "name": name, "options": options})


def call(deployment: dict, **inputs) -> httpx.Response:
    return httpx.post(deployment["api_endpoint"], json={"inputs": inputs}, trust_env=False, timeout=30)


def steps(operation: dict) -> dict[str, str]:
    return {step["name"]: step["status"] for step in operation["steps"]}


def test_deploy_proves_three_channels_and_fills_every_field(studio: Studio, echo: str) -> None:
    done = deploy(studio, echo, "first")
    assert set(steps(done["operation"]).values()) == {"succeeded"}
    assert list(steps(done["operation"])) == [
        "check", "build", "register", "prove API", "prove CLI", "prove MCP", "switch",
    ]  # fmt: skip
    row = studio.http.get("/api/v1/deployments/first").json()
    assert row["status"] == "running"
    expected = {"organization_id": "default", "workspace_id": "default", "version": "1.0.0", "orchestration_id": None}
    assert expected.items() <= row.items()
    assert all(row[name] for name in ("agent_id", "gateway_id", "deployed_at", "deployed_by", "mcp_endpoint"))
    assert call(row, text="ab", times=2).json()["outputs"]["agent"]["result"] == {"text": "abab", "version": "1.0.0"}


def test_the_printed_command_runs_as_it_is_printed(studio: Studio, echo: str) -> None:
    row = deploy(studio, echo, "printed")["deployment"]
    assert row["cli_command"].startswith("nexdeck run printed ")
    result = studio.cli("run", "printed", "text=hi", "times=2", "--json")
    assert (result.returncode, '"hihi"' in result.stdout) == (0, True), result.stderr


def test_counters_and_health_arrive_within_a_look_or_two(studio: Studio, echo: str) -> None:
    row = deploy(studio, echo, "counted")["deployment"]
    for _ in range(5):
        assert call(row, text="x").status_code == 200
    assert call(row, text=5).status_code == 422
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        row = studio.http.get("/api/v1/deployments/counted").json()
        if row["request_count"] >= 5 and row["health_status"] == "healthy":
            break
        time.sleep(0.2)
    assert (row["health_status"], row["error_count"]) == ("healthy", 0)
    assert row["avg_latency_ms"] > 0
    assert row["last_health_check"].endswith("Z")


def test_stop_is_observed_absence_and_start_brings_the_same_revision_back(studio: Studio, echo: str) -> None:
    row = deploy(studio, echo, "stopped")["deployment"]
    done = change(studio, "POST", "deployments/stopped/stop")
    assert (done["deployment"]["status"], steps(done["operation"])) == (
        "stopped",
        {"remove": "succeeded", "confirm": "succeeded"},
    )
    assert done["deployment"]["stopped_at"]
    assert call(row, text="x").status_code == 404
    again = change(studio, "POST", "deployments/stopped/start")["deployment"]
    assert (again["status"], again["live_revision"], again["stopped_at"]) == ("running", 1, None)
    assert call(row, text="x").status_code == 200


def test_restart_loads_the_same_revision_afresh(studio: Studio, echo: str) -> None:
    deploy(studio, echo, "restarted")
    done = change(studio, "POST", "deployments/restarted/restart")
    assert (done["deployment"]["status"], done["deployment"]["live_revision"]) == ("running", 1)


def test_undeploy_takes_it_off_frees_the_name_and_keeps_its_history(studio: Studio, echo: str) -> None:
    row = deploy(studio, echo, "gone")["deployment"]
    done = change(studio, "DELETE", "deployments/gone")
    assert done["deployment"]["status"] == "stopped"
    assert call(row, text="x").status_code == 404
    assert studio.http.get("/api/v1/deployments/gone").status_code == 404
    assert studio.http.get(f"/api/v1/deployments/{row['id']}").status_code == 200
    assert "gone" not in [item["name"] for item in studio.http.get("/api/v1/deployments").json()["items"]]
    assert deploy(studio, echo, "gone")["deployment"]["status"] == "running"


def test_a_new_version_takes_over_and_a_bad_one_leaves_the_old_serving(studio: Studio) -> None:
    source = echo_source().replace("def echo", "def moving")
    studio.http.post("/api/v1/agents", json={"filename": "moving.py", "source": source}).raise_for_status()
    row = deploy(studio, "moving", "moving")["deployment"]
    newer = {"filename": "moving.py", "source": source.replace("1.0.0", "1.1.0")}
    assert studio.http.post("/api/v1/agents/moving/versions", json=newer).status_code == 201
    done = change(studio, "POST", "deployments/moving/redeploy")
    assert (done["deployment"]["version"], done["deployment"]["live_revision"]) == ("1.1.0", 2)
    assert call(row, text="x").json()["outputs"]["agent"]["result"]["version"] == "1.1.0"
    bad = {"filename": "moving.py", "source": source.replace("1.0.0", "1.2.0").replace("return", "return 1 / 0 and")}
    assert studio.http.post("/api/v1/agents/moving/versions", json=bad).status_code == 201
    done = change(studio, "POST", "deployments/moving/redeploy")
    assert (done["operation"]["status"], steps(done["operation"])["prove API"]) == ("failed", "failed")
    assert "ZeroDivisionError" in done["operation"]["error"]
    assert (done["deployment"]["status"], done["deployment"]["live_revision"]) == ("running", 2)
    assert call(row, text="x").json()["outputs"]["agent"]["result"]["version"] == "1.1.0"
    revisions = studio.http.get("/api/v1/deployments/moving/revisions").json()["items"]
    assert [bool(revision["failed_at"]) for revision in revisions] == [True, False, False]


def test_an_agent_that_raises_fails_with_its_own_words_and_leaves_nothing_on_the_gateway(studio: Studio) -> None:
    studio.http.post("/api/v1/agents", json={"filename": "raising.py", "source": RAISING}).raise_for_status()
    done = deploy(studio, "raising", "raising")
    assert (done["operation"]["status"], done["deployment"]["status"]) == ("failed", "failed")
    assert "the mill is closed on sundays" in done["deployment"]["error_message"]
    assert steps(done["operation"])["prove CLI"] == "skipped"
    assert call(done["deployment"], text="x").status_code == 404


def test_a_module_that_cannot_be_loaded_says_which_line(studio: Studio) -> None:
    source = "import a_module_that_is_nowhere\n\nSAMPLE = {}\n\n\ndef loading() -> dict:\n    return {}\n"
    studio.http.post("/api/v1/agents", json={"filename": "loading.py", "source": source}).raise_for_status()
    done = deploy(studio, "loading", "loading")
    assert steps(done["operation"])["register"] == "failed"
    assert "a_module_that_is_nowhere" in done["deployment"]["error_message"]


def test_a_name_that_is_taken_and_other_refusals_write_nothing(studio: Studio, echo: str) -> None:
    deploy(studio, echo, "taken")
    before = studio.http.get("/api/v1/deployments", params={"limit": 200}).json()["items"]
    refusals = [
        ({"agent": echo, "name": "taken"}, 409, "deployment_exists"),
        ({"agent": echo, "name": "Not A Name"}, 422, "invalid_input"),
        ({"agent": "nobody"}, 404, "not_found"),
        ({"agent": echo, "version": "9.9.9"}, 404, "not_found"),
        ({"agent": echo, "gateway": "nowhere"}, 404, "not_found"),
        ({"agent": echo, "name": "s", "options": {"secrets": ["NOT_STORED"]}}, 422, "missing_secret"),
        ({"agent": echo, "name": "s", "options": {"sample_input": {"text": 5}}}, 422, "invalid_sample"),
        ({"agent": echo, "name": "s", "options": {"channels": []}}, 422, "invalid_input"),
        ({"agent": echo, "name": "s", "options": {"colour": "red"}}, 422, "invalid_input"),
    ]
    for body, status, code in refusals:
        answer = studio.http.post("/api/v1/deployments", json=body)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), (body, problem)
        assert answer.headers["content-type"] == "application/problem+json"
    assert len(studio.http.get("/api/v1/deployments", params={"limit": 200}).json()["items"]) == len(before)


def test_a_required_key_is_shown_once_and_holds_on_each_channel(studio: Studio, echo: str) -> None:
    done = deploy(studio, echo, "locked", require_key=True)
    row, key = done["deployment"], done["key"]
    assert call(row, text="x").status_code == 401
    answer = httpx.post(
        row["api_endpoint"], json={"inputs": {"text": "x"}}, headers={"Authorization": f"Bearer {key}"}, trust_env=False
    )
    assert answer.status_code == 200
    assert studio.cli("run", "locked", "text=x").returncode == 5
    assert studio.cli("run", "locked", "text=x", "--key", key).returncode == 0
    assert key not in studio.http.get("/api/v1/deployments/locked").text
    keys = studio.http.get("/api/v1/deployments/locked/keys").json()["items"]
    assert studio.http.delete(f"/api/v1/deployments/locked/keys/{keys[0]['id']}").status_code in (200, 204)
    answer = httpx.post(
        row["api_endpoint"], json={"inputs": {"text": "x"}}, headers={"Authorization": f"Bearer {key}"}, trust_env=False
    )
    assert answer.status_code == 401


def test_secrets_reach_the_agent_and_nothing_else(studio: Studio) -> None:
    source = 'import os\n\nSAMPLE = {}\n\n\ndef whisper() -> dict:\n    return {"n": len(os.environ["WHISPER"])}\n'
    agent = {"filename": "whisper.py", "source": source}
    assert studio.http.post("/api/v1/agents", json=agent).status_code == 201
    value = "open-sesame-" * 3
    assert studio.http.put("/api/v1/secrets/WHISPER", json={"value": value}).is_success
    done = deploy(studio, "whisper", "whisper")
    assert call(done["deployment"]).json()["outputs"]["agent"]["result"] == {"n": len(value)}
    assert value not in studio.http.get("/api/v1/deployments/whisper").text + studio.log.read_text()
    kept = [path for path in studio.data_dir.rglob("*") if path.is_file() and value.encode() in path.read_bytes()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept), kept


def test_a_newer_request_supersedes_the_one_under_way(studio: Studio) -> None:
    source = "import time\n\nSAMPLE = {}\n\n\ndef slow() -> dict:\n    time.sleep(4)\n    return {}\n"
    studio.http.post("/api/v1/agents", json={"filename": "slow.py", "source": source}).raise_for_status()
    first = studio.http.post("/api/v1/deployments", json={"agent": "slow"}).json()
    done = change(studio, "POST", f"deployments/{first['deployment']['id']}/stop")
    assert (done["operation"]["status"], done["deployment"]["status"]) == ("succeeded", "stopped")
    assert studio.http.get(f"/api/v1/operations/{first['operation']['id']}").json()["status"] == "cancelled"
