"""A redeploy that some of the callers try out first, on a real gateway: promoted or given up by its figures."""

import os
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway_process import wait_for
from tests.integration.studio.test_lifecycle import call, change, steps
from tests.integration.studio.test_reconciler import control
from tests.programs import Studio, running_studio

SOURCE = '''"""Says its version."""

__version__ = "1.0.0"
SAMPLE = {{"is_proof": True}}


def {name}(is_proof: bool = False) -> str:
    """Says its version."""
    return __version__
'''
CANARY = {"percent": 50, "minutes": 5, "calls": 40}


def source(name: str) -> dict[str, str]:
    function = name.replace("-", "_")
    return {"filename": f"{function}.py", "source": SOURCE.format(name=function)}


def deployed(studio: Studio, name: str) -> dict[str, Any]:
    studio.http.post("/api/v1/agents", json=source(name)).raise_for_status()
    return change(studio, "POST", "deployments", {"agent": name, "options": {"canary": CANARY}})["deployment"]


def begin(studio: Studio, name: str, *edit: str) -> str:
    """Add a version and redeploy to it. Returns the operation's id once its canary is under way."""
    body = source(name)
    body["source"] = body["source"].replace("1.0.0", "1.1.0").replace(*edit or ("", ""))
    studio.http.post(f"/api/v1/agents/{name}/versions", json=body).raise_for_status()
    answer = studio.http.post(f"/api/v1/deployments/{name}/redeploy")
    assert answer.status_code == 202, answer.text
    wait_for(lambda: studio.http.get(f"/api/v1/deployments/{name}/canary").is_success, what="no canary began")
    return answer.json()["operation"]["id"]


def operation(studio: Studio, operation_id: str, wait: int = 0) -> dict[str, Any]:
    return studio.http.get(f"/api/v1/operations/{operation_id}", params={"wait": wait}).json()


def said(row: dict[str, Any], calls: int) -> Counter:
    """Answers by version, failures by status."""
    answers = [call(row) for _ in range(calls)]
    return Counter(a.json()["outputs"]["agent"]["result"]["result"] if a.is_success else a.status_code for a in answers)


def message(done: dict[str, Any]) -> str:
    return next(step["message"] for step in done["steps"] if step["name"] == "canary")


def test_a_canary_that_does_well_gets_all_calls(studio: Studio) -> None:
    row = deployed(studio, "canary-good")
    running = begin(studio, "canary-good")
    assert said(row, 20) == {"1.0.0": 10, "1.1.0": 10}
    told = wait_for(
        lambda: (
            (told := studio.http.get("/api/v1/deployments/canary-good/canary").json())["canary"]["calls"] == 10 and told
        )
    )
    assert (told["revision"], told["live_revision"], told["live"]["calls"]) == (2, 1, 10)
    assert said(row, 80)["1.1.0"] >= 40
    done = operation(studio, running, wait=30)
    assert (done["status"], steps(done)["canary"]) == ("succeeded", "succeeded")
    assert message(done).startswith("Promoted: it is no worse than the live one. Revision 2: ")
    assert said(row, 10) == {"1.1.0": 10}


def test_a_canary_that_fails_calls_is_given_up(studio: Studio) -> None:
    row = deployed(studio, "canary-bad")
    returns = "    return __version__"
    failing = "    if not is_proof:\n        raise OSError\n"
    running = begin(studio, "canary-bad", returns, failing + returns)
    wait_for(lambda: said(row, 20) and operation(studio, running)["status"] != "running", 60)
    done = operation(studio, running)
    assert done["status"] == "failed"
    assert "100.0% of its calls failed, against 0.0% of the live one's" in message(done)
    row = studio.http.get("/api/v1/deployments/canary-bad").json()
    assert (row["status"], row["live_revision"]) == ("running", 1)
    assert said(row, 20) == {"1.0.0": 20}
    revisions = studio.http.get("/api/v1/deployments/canary-bad/revisions").json()["items"]
    assert [r["number"] for r in revisions if r["failed_at"]] == [2]


def test_a_person_ends_a_canary_either_way(studio: Studio) -> None:
    row = deployed(studio, "canary-hand")
    running = begin(studio, "canary-hand")
    studio.http.post("/api/v1/deployments/canary-hand/cancel", params={"wait": 10}).raise_for_status()
    assert operation(studio, running)["status"] == "cancelled"
    assert said(row, 20) == {"1.0.0": 20}
    refused = studio.http.post("/api/v1/deployments/canary-hand/promote")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_canary")

    running = studio.http.post("/api/v1/deployments/canary-hand/redeploy").json()["operation"]["id"]
    wait_for(lambda: studio.http.get("/api/v1/deployments/canary-hand/canary").is_success)
    promoted = studio.cli("promote", "canary-hand")
    assert promoted.returncode == 0, promoted.stderr
    done = operation(studio, running)
    assert (done["status"], message(done)[:17]) == ("succeeded", "Promoted by local")
    assert said(row, 10) == {"1.1.0": 10}


def test_a_canary_outlives_whatever_dies(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="did not end well"), running_studio(tmp_path) as studio:
        row = deployed(studio, "canary-kill")
        running = begin(studio, "canary-kill")
        assert said(row, 10) == {"1.0.0": 5, "1.1.0": 5}
        began = studio.http.get("/api/v1/deployments/canary-kill/canary").json()["began_at"]
        before = control(studio, row, "GET", "/state").json()
        os.kill(before["pid"], signal.SIGKILL)

        def is_shared_again() -> bool:
            with suppress(httpx.TransportError):
                state = control(studio, row, "GET", "/state").json()
                canaries = [held["canary"] for held in state["deployments"]]
                return state["boot_id"] != before["boot_id"] and any(canaries)
            return False

        wait_for(is_shared_again, 60)
        studio.process.kill()
        studio.process.wait()
        assert said(row, 10) == {"1.0.0": 5, "1.1.0": 5}
    with running_studio(tmp_path) as studio:
        wait_for(lambda: studio.http.get("/api/v1/deployments/canary-kill/canary").is_success)
        assert studio.http.get("/api/v1/deployments/canary-kill/canary").json()["began_at"] == began
        assert said(row, 80)["1.1.0"] >= 40
        done = operation(studio, running, wait=30)
        assert done["status"] == "succeeded", done
        assert said(row, 10) == {"1.1.0": 10}
