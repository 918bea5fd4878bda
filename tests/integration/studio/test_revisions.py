"""From one revision to the next and back, on a real gateway: told before, refused where callers would break."""

from typing import Any

from tests.integration.studio.test_lifecycle import call, change
from tests.programs import Studio

SOURCE = '''"""Greets."""

__version__ = "1.0.0"
SAMPLE = {"who": "you"}


def NAME(who: str) -> str:
    """Greet somebody."""
    return "hello " + who
'''
POLITE = (("1.0.0", "1.1.0"), ('"hello "', '"good day "'))
RENAMED = (("1.0.0", "2.0.0"), ("who: str", "whom: str"), ("+ who", "+ whom"), ('"who"', '"whom"'))
BROKEN = (("1.0.0", "1.2.0"), ('"hello "', "None"))


def source(name: str, *edits: tuple[str, str]) -> dict[str, str]:
    text = SOURCE.replace("NAME", name)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return {"filename": f"{name}.py", "source": text}


def deployed(studio: Studio, name: str) -> dict[str, Any]:
    """A new agent of that name, its first version deployed under it."""
    studio.http.post("/api/v1/agents", json=source(name)).raise_for_status()
    return change(studio, "POST", "deployments", {"agent": name})["deployment"]


def add_version(studio: Studio, name: str, *edits: tuple[str, str]) -> None:
    studio.http.post(f"/api/v1/agents/{name}/versions", json=source(name.replace("-", "_"), *edits)).raise_for_status()


def answer(row: dict[str, Any], **inputs: Any) -> Any:
    said = call(row, **inputs)
    return said.json()["outputs"]["agent"]["result"]["result"] if said.status_code == 200 else said.status_code


def problem(studio: Studio, path: str, body: dict[str, Any] | None = None) -> tuple[int, str, dict[str, Any]]:
    refused = studio.http.post(f"/api/v1/deployments/{path}", json=body or {})
    return refused.status_code, refused.json()["code"], refused.json()


def test_a_redeploy_that_breaks_callers_is_refused_until_it_is_allowed(studio: Studio) -> None:
    row = deployed(studio, "gated")
    add_version(studio, "gated", *RENAMED)
    status, code, told = problem(studio, "gated/redeploy")
    assert (status, code) == (409, "breaking_change")
    assert {error["path"]: error["message"] for error in told["errors"]} == {
        "inputs.who": "is gone; calls that send it are refused",
        "inputs.whom": "is new and required",
    }
    assert "--allow-breaking" in told["detail"]
    assert len(studio.http.get("/api/v1/deployments/gated/revisions").json()["items"]) == 1
    assert answer(row, who="Ada") == "hello Ada"
    done = change(studio, "POST", "deployments/gated/redeploy", {"allow_breaking": True})
    assert (done["operation"]["status"], done["deployment"]["version"]) == ("succeeded", "2.0.0")
    assert answer(row, whom="Ada") == "hello Ada"


def test_switching_a_channel_off_breaks_its_callers_and_a_safe_change_goes_through(studio: Studio) -> None:
    deployed(studio, "doors")
    status, code, told = problem(studio, "doors/redeploy", {"options": {"channels": ["api"], "require_key": True}})
    assert (status, code) == (409, "breaking_change")
    assert [error["path"] for error in told["errors"]] == ["channels.cli", "channels.mcp", "require_key"]
    add_version(studio, "doors", *POLITE)
    assert change(studio, "POST", "deployments/doors/redeploy")["deployment"]["version"] == "1.1.0"


def test_what_is_stopped_has_no_callers_to_break(studio: Studio) -> None:
    deployed(studio, "idle")
    add_version(studio, "idle", *RENAMED)
    change(studio, "POST", "deployments/idle/stop")
    assert change(studio, "POST", "deployments/idle/redeploy")["deployment"]["version"] == "2.0.0"


def test_a_rollback_is_a_new_revision_that_serves_the_old_artifact(studio: Studio) -> None:
    row = deployed(studio, "back")
    add_version(studio, "back", *RENAMED)
    options = {"environment": {"REGION": "eu"}}
    change(studio, "POST", "deployments/back/redeploy", {"options": options, "allow_breaking": True})
    done = change(studio, "POST", "deployments/back/rollback", {"reason": "  callers complain "})
    assert (done["operation"]["kind"], done["operation"]["status"]) == ("rollback", "succeeded")
    assert (done["deployment"]["version"], done["deployment"]["live_revision"]) == ("1.0.0", 3)
    assert answer(row, who="Ada") == "hello Ada"
    third, _, first = studio.http.get("/api/v1/deployments/back/revisions").json()["items"]
    assert third["reason"] == "Rollback to revision 1: callers complain"
    assert (third["sha256"], third["options"]) == (first["sha256"], first["options"])
    done = change(studio, "POST", "deployments/back/rollback", {"revision": 2, "reason": "they changed their minds"})
    assert (done["deployment"]["version"], done["deployment"]["options"]["environment"]) == ("2.0.0", {"REGION": "eu"})
    assert answer(row, whom="Ada") == "hello Ada"


def test_there_is_no_way_back_to_what_failed_serves_or_never_was(studio: Studio) -> None:
    row = deployed(studio, "deadend")
    name = row["name"]
    assert problem(studio, f"{name}/rollback", {"reason": "why not"})[:2] == (409, "nothing_to_roll_back_to")
    add_version(studio, name, *BROKEN)
    failed = change(studio, "POST", f"deployments/{name}/redeploy")
    assert (failed["operation"]["status"], failed["deployment"]["live_revision"]) == ("failed", 1)
    status, code, told = problem(studio, f"{name}/rollback", {"revision": 2, "reason": "again"})
    assert (status, code) == (409, "revision_failed")
    assert "never proven" in told["detail"]
    assert problem(studio, f"{name}/rollback", {"revision": 1, "reason": "x"})[:2] == (409, "already_live")
    assert problem(studio, f"{name}/rollback", {"revision": 9, "reason": "x"})[:2] == (404, "not_found")
    for body in ({}, {"reason": ""}, {"reason": "   "}, {"reason": "x" * 501}, {"reason": "x", "revision": 0}):
        assert problem(studio, f"{name}/rollback", body)[:2] == (422, "invalid_input")
    assert answer(row, who="Ada") == "hello Ada"


def test_the_diff_of_a_candidate_and_of_two_revisions(studio: Studio) -> None:
    deployed(studio, "diffed")
    add_version(studio, "diffed", *RENAMED)
    add_version(studio, "diffed", *POLITE)
    told = studio.http.get("/api/v1/deployments/diffed/diff", params={"version": "1.1.0"}).json()
    assert (told["before_revision"], told["after_revision"]) == (1, None)
    assert (told["before_version"], told["after_version"]) == ("1.0.0", "1.1.0")
    assert (told["contract"], told["options"]) == ([], [])
    (text,) = told["texts"]
    assert (text["name"], text["added"], text["removed"]) == ("diffed.py", 2, 2)
    assert '-    return "hello " + who' in text["lines"]
    newest = studio.http.get("/api/v1/deployments/diffed/diff").json()
    assert (newest["after_version"], [c["breaking"] for c in newest["contract"]]) == ("2.0.0", [True, True])
    options = {"limits": {"timeout_seconds": 7}}
    change(studio, "POST", "deployments/diffed/redeploy", {"version": "1.1.0", "options": options})
    told = studio.http.get("/api/v1/deployments/diffed/revisions/2/diff/1").json()
    assert told["options"] == [{"path": "limits.timeout_seconds", "before": "7", "after": "60"}]
    assert '+    return "hello " + who' in told["texts"][0]["lines"]
    assert studio.http.get("/api/v1/deployments/diffed/revisions/2/diff/7").status_code == 404


def test_the_command_line_tells_refuses_and_rolls_back(studio: Studio) -> None:
    deployed(studio, "console")
    add_version(studio, "console", *RENAMED)
    told = studio.cli("diff", "console")
    assert told.returncode == 0, told.stderr
    for words in ("1.0.0 → 2.0.0", "is new and required", "breaking", "-def console(who: str)", "+def console(whom"):
        assert words in told.stdout
    refused = studio.cli("redeploy", "console")
    assert (refused.returncode, "inputs.whom: is new and required" in refused.stderr) == (4, True), refused.stderr
    assert studio.cli("redeploy", "console", "--allow-breaking").returncode == 0
    assert studio.cli("rollback", "console").returncode == 2
    done = studio.cli("rollback", "console", "--reason", "callers complain")
    assert (done.returncode, "console 1.0.0 is running" in done.stdout) == (0, True), done.stderr
    compared = studio.cli("diff", "console", "--revisions", "1..3")
    assert (compared.returncode, "Nothing differs" in compared.stdout) == (0, True), compared.stdout
    assert studio.cli("diff", "console", "--revisions", "one").returncode == 2
    assert '"before_revision":1' in studio.cli("diff", "console", "--revisions", "1..2", "--json").stdout


def test_no_diff_holds_the_value_of_a_secret(studio: Studio) -> None:
    value = "open-sesame-" * 3
    studio.http.put("/api/v1/secrets/DIFFED_TOKEN", json={"value": value}).raise_for_status()
    deployed(studio, "discreet")
    change(studio, "POST", "deployments/discreet/redeploy", {"options": {"secrets": ["DIFFED_TOKEN"]}})
    told = studio.http.get("/api/v1/deployments/discreet/revisions/1/diff/2")
    assert told.json()["options"] == [{"path": "secrets.DIFFED_TOKEN", "before": None, "after": "chosen"}]
    assert value not in told.text
