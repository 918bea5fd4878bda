"""``nexdeck apply`` and ``export`` against a real gateway: planned, done once, and the same again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.studio.conftest import echo_source
from tests.programs import Studio, running_studio


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A Nexdeck of these tests' own: pruning spares nobody."""
    with running_studio(tmp_path_factory.mktemp("apply")) as studio:
        body = {"filename": "echo.py", "source": echo_source()}
        assert studio.http.post("/api/v1/agents", json=body).status_code == 201
        yield studio


@pytest.fixture(autouse=True)
def nothing_left_behind(alone: Studio) -> Iterator[None]:
    yield
    applied = apply(alone, "deployments: []", prune=True)
    assert all(change["succeeded"] for change in applied["changes"])


def apply(studio: Studio, source: str, **options) -> dict:
    answer = studio.http.post("/api/v1/apply", json={"source": source, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


def states(studio: Studio) -> dict[str, str]:
    return {row["name"]: row["status"] for row in studio.http.get("/api/v1/deployments").json()["items"]}


def actions(applied: dict) -> list[tuple[str, str]]:
    return [(change["name"], change["action"]) for change in applied["plan"]]


DECLARED = """\
name: keyed
agent: echo
version: 1.0.0
options:
  require_key: true
  environment: {GREETING: "yes"}
  limits: {timeout_seconds: 9}
---
name: parked
agent: echo
state: stopped
"""


def test_a_second_time_there_is_nothing_to_do_and_what_is_exported_is_a_fixed_point(alone: Studio) -> None:
    dry = apply(alone, DECLARED, dry_run=True)
    assert actions(dry) == [("keyed", "create"), ("parked", "create"), ("parked", "stop")]
    assert (dry["changes"], states(alone)) == ([], {})
    done = apply(alone, DECLARED)
    assert [(change["succeeded"], change["error"]) for change in done["changes"]] == [(True, None)] * 3
    assert done["changes"][0]["key"].startswith("ndk_")
    assert states(alone) == {"keyed": "running", "parked": "stopped"}
    assert actions(apply(alone, DECLARED)) == [("keyed", "none"), ("parked", "none")]
    exported = alone.http.get("/api/v1/export").text
    again = apply(alone, exported, prune=True)
    assert (set(action for _, action in actions(again)), again["changes"]) == ({"none"}, [])
    assert alone.http.get("/api/v1/export").text == exported
    apply(alone, "deployments: []", prune=True)
    apply(alone, exported)
    assert alone.http.get("/api/v1/export").text == exported, "the export does not make the same deployments"


def test_what_differs_is_redeployed_started_and_stopped(alone: Studio) -> None:
    apply(alone, "name: changing\nagent: echo\nversion: 1.0.0\n")
    body = {"filename": "echo.py", "source": echo_source("1.1.0")}
    assert alone.http.post("/api/v1/agents/echo/versions", json=body).status_code == 201
    newer = apply(alone, "name: changing\nagent: echo\n")
    assert [(c["action"], c["why"], c["succeeded"]) for c in newer["changes"]] == [
        ("redeploy", "version 1.0.0 → 1.1.0", True)
    ]
    revision = alone.http.get("/api/v1/deployments/changing/revisions").json()["items"][0]
    assert (revision["version"], revision["reason"]) == ("1.1.0", "declared")
    assert actions(apply(alone, "name: changing\nagent: echo\nstate: stopped\n")) == [("changing", "stop")]
    assert states(alone) == {"changing": "stopped"}
    assert actions(apply(alone, "name: changing\nagent: echo\n")) == [("changing", "start")]
    assert states(alone) == {"changing": "running"}


def test_one_that_fails_is_told_and_the_others_are_done(alone: Studio) -> None:
    source = "def breaks(text: str) -> str:\n    raise ValueError('closed on sundays')\n"
    alone.http.post("/api/v1/agents", json={"filename": "breaks.py", "source": source})
    declared = "name: bad\nagent: breaks\nstate: stopped\n---\nname: good\nagent: echo\n"
    done = apply(alone, declared)["changes"]
    assert [(c["name"], c["action"], c["succeeded"]) for c in done] == [
        ("bad", "create", False),
        ("bad", "stop", False),
        ("good", "create", True),
    ]
    assert "closed on sundays" in done[0]["error"]
    assert (done[1]["operation"], "left out" in done[1]["error"]) == (None, True)
    assert states(alone) == {"bad": "failed", "good": "running"}


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ("name: b\nagent: nobody\n", "line 5, column 8: agent: There is no agent 'nobody'"),
        ("name: b\nagent: echo\nversion: 9.9.9\n", "line 6, column 10: version: echo has no version '9.9.9'"),
        ("name: b\nagent: echo\ngateway: moon\n", "line 6, column 10: gateway: There is no gateway 'moon'"),
        ("name: b\nagent: echo\noptions: {secrets: [NOT_STORED]}\n", "line 6, column 20: options.secrets: NOT_STORED"),
        ("name: b\nagent: echo\noptions:\n  sample_input: {text: 5}\n", "line 7, column 24: options.sample_input.text"),
        ("name: b\nagent: echo\ncolour: red\n", "line 6, column 1: colour: the key 'colour' is not known"),
        ("name: a\nagent: echo\n", "line 4, column 7: name: a on local is declared in line 1 already"),
        ("name: [\n", "line 5, column 1"),
    ],
)
def test_a_fault_anywhere_and_nothing_at_all_is_done(alone: Studio, wrong: str, place: str, tmp_path: Path) -> None:
    file = tmp_path / "deployments.yaml"
    file.write_text(f"name: a\nagent: echo\n---\n{wrong}")
    done = alone.cli("apply", "-f", str(file))
    assert (done.returncode, place in done.stderr) == (2, True), done.stderr
    assert states(alone) == {}


def test_a_deployment_of_another_agent_is_not_replaced(alone: Studio) -> None:
    alone.http.post("/api/v1/agents", json={"filename": "other.py", "source": "def other() -> str:\n    return ''\n"})
    apply(alone, "name: taken\nagent: echo\n")
    answer = alone.http.post("/api/v1/apply", json={"source": "name: taken\nagent: other\n"})
    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert (fault["line"], fault["column"]) == (2, 8)
    assert "is a deployment of echo" in fault["message"]


def test_what_would_break_callers_is_refused_unless_that_is_meant(alone: Studio) -> None:
    apply(alone, "name: relied-on\nagent: echo\n")
    keyed = "name: relied-on\nagent: echo\noptions: {require_key: true}\n"
    answer = alone.http.post("/api/v1/apply", json={"source": keyed})
    assert (answer.status_code, "callers would break" in answer.json()["errors"][0]["message"]) == (422, True)
    done = apply(alone, keyed, allow_breaking=True)["changes"]
    assert [(change["action"], change["succeeded"]) for change in done] == [("redeploy", True)]


def test_the_commands(alone: Studio, tmp_path: Path) -> None:
    cli, file = alone.cli, tmp_path / "deployments.yaml"
    file.write_text("name: by-hand\nagent: echo\noptions: {require_key: true}\n")
    dry = cli("apply", "-f", str(file), "--dry-run")
    assert (dry.returncode, "create" in dry.stdout, states(alone)) == (0, True, {}), dry.stderr
    done = cli("apply", "-f", str(file))
    assert (done.returncode, "✓ create by-hand: done" in done.stdout) == (0, True), done.stderr
    assert "invocation key, shown only this once: ndk_" in done.stdout
    again = cli("apply", "-f", "-", stdin=file.read_text())
    assert (again.returncode, again.stdout) == (0, "Nothing to do.\n")
    exported = cli("export", "-o", str(tmp_path / "out.yaml"))
    assert exported.returncode == 0
    assert cli("export").stdout == (tmp_path / "out.yaml").read_text()
    assert cli("apply", "-f", str(tmp_path / "out.yaml")).stdout == "Nothing to do.\n"
    file.write_text("name: another\nagent: echo\n")
    kept = cli("apply", "-f", str(file))
    assert "left as they are without --prune: by-hand" in kept.stdout
    pruned = cli("apply", "-f", str(file), "--prune", "--json")
    assert [(c["action"], c["succeeded"]) for c in json.loads(pruned.stdout)["changes"]] == [("undeploy", True)]
    assert states(alone) == {"another": "running"}


def test_the_export_names_secrets_and_shows_none(alone: Studio) -> None:
    alone.http.put("/api/v1/secrets/APPLY_TOKEN", json={"value": "hidden-value"})
    apply(alone, "name: secretive\nagent: echo\noptions: {secrets: [APPLY_TOKEN]}\n")
    exported = alone.http.get("/api/v1/export")
    assert exported.headers["content-type"].startswith("application/yaml")
    assert "APPLY_TOKEN" in exported.text
    assert "hidden-value" not in exported.text + alone.log.read_text()
