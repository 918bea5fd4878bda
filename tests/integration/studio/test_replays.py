"""Recorded calls made again on a real gateway: beside the live revision, unnoticed by it, and never in the way."""

import time

import httpx

from tests.integration.studio.test_calls import arrived, call, requests
from tests.integration.studio.test_logs import eventually
from tests.programs import Studio

SOURCE = '''"""Prices orders."""
import time

__version__ = "{version}"
SAMPLE = {{"order": {{"amount": 1}}}}


def pricing(order: dict, wait: float = 0.0) -> dict:
    """Gives a price."""
    time.sleep(wait)
    if {fails} and order["amount"] == 2:
        raise ValueError("no price for two")
    return {{"price": order["amount"] * {price}, "card": order.get("card"), "by": "{version}"}}
'''
RECORD = {"inputs": True, "outputs": True, "redact": ["card", "by"]}


def add(studio: Studio, version: str, price: int, fails: bool = False) -> None:
    source = SOURCE.format(version=version, price=price, fails=fails)
    agents = studio.http.get("/api/v1/agents/pricing").status_code
    path = "/api/v1/agents/pricing/versions" if agents == 200 else "/api/v1/agents"
    answer = studio.http.post(path, json={"filename": "pricing.py", "source": source})
    assert answer.status_code in (201, 409), answer.text


def deploy(studio: Studio, name: str, **options) -> dict:
    add(studio, "1.0.0", 10)
    body = {"agent": "pricing", "version": "1.0.0", "name": name, "options": {"record": RECORD} | options}
    answer = studio.http.post("/api/v1/deployments", params={"wait": 60}, json=body)
    assert answer.json()["operation"]["status"] == "succeeded", answer.text
    row = answer.json()["deployment"]
    for amount in (1, 2, 3):
        assert call(row, f"{name}-{amount}", order={"amount": amount}).status_code == 200
    call(row, f"{name}-card", order={"amount": 4, "card": "4111"})
    arrived(studio, name, f"{name}-card")
    return row


def replay(studio: Studio, name: str, wait: float = 60, **body) -> dict:
    answer = studio.http.post(f"/api/v1/deployments/{name}/replays", params={"wait": wait}, json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def held(row: dict, studio: Studio) -> dict:
    token = (studio.data_dir / "gateways" / "local" / "token").read_text().strip()
    gateway = row["api_endpoint"].partition("/workflows/")[0]
    state = httpx.get(
        f"{gateway}/control/v1/state", headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ).json()
    return next(each for each in state["deployments"] if each["deployment_id"] == row["id"])


def test_a_candidate_is_compared_with_what_was_recorded_and_leaves_no_trace(studio: Studio) -> None:
    row = deploy(studio, "compared")
    add(studio, "2.0.0", 11, fails=True)
    before = held(row, studio)["counters"]
    told = replay(studio, "compared", version="2.0.0", with_live=True)
    assert (told["status"], told["total"], told["done"]) == ("succeeded", 3, 3), told  # the card was redacted
    by_id = {each["recorded"]["request_id"]: each for each in told["results"]}
    assert by_id["compared-1"]["verdict"] == "changed"
    assert by_id["compared-1"]["differences"] == [
        {"path": "price", "kind": "changed", "before": "10", "after": "11"}  # not "by", which is redacted
    ]
    assert by_id["compared-2"]["verdict"] == "worse"
    assert by_id["compared-2"]["candidate"]["code"] == "agent_failed"
    assert by_id["compared-2"]["live"]["outputs"] == {"price": 20, "card": "•••", "by": "•••"}
    after = held(row, studio)
    assert (after["counters"], after["loaded"]) == (before, [])
    assert len(requests(studio, "compared")) == 4
    assert call(row, "still", order={"amount": 1}).json()["outputs"]["agent"]["result"]["price"] == 10
    live = replay(studio, "compared", requests=["compared-3"])
    assert (live["verdicts"], "live" in live["against"]) == ({"same": 1}, True)
    refused = studio.http.post("/api/v1/deployments/compared/replays", json={"requests": ["compared-card"]})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "calls")
    done = studio.cli("replay", "compared", "--version", "2.0.0", "--last", "3", "--yes")
    assert done.returncode == 1 and "worse" in done.stdout and "price" in done.stdout, done.stdout + done.stderr


def test_a_replay_gives_way_to_a_change_and_can_be_cancelled(studio: Studio) -> None:
    row = deploy(studio, "giving")
    add(studio, "2.0.0", 11, fails=True)
    call(row, "slow", order={"amount": 5}, wait=3.0)
    arrived(studio, "giving", "slow")
    begun = replay(studio, "giving", wait=0, version="2.0.0", requests=["slow"])
    eventually(lambda: held(row, studio)["loaded"])
    refused = studio.http.post("/api/v1/deployments/giving/replays", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "replay_under_way")
    began = time.monotonic()
    restarted = studio.http.post("/api/v1/deployments/giving/restart", params={"wait": 60}).json()
    assert restarted["operation"]["status"] == "succeeded", restarted
    path = f"/api/v1/deployments/giving/replays/{begun['id']}"
    ended = studio.http.get(path).json()
    assert (ended["status"], "gave way" in ended["error"]) == ("cancelled", True), time.monotonic() - began
    assert held(row, studio)["loaded"] == []
    begun = replay(studio, "giving", wait=0, version="2.0.0", requests=["slow"])
    ended = studio.http.post(f"/api/v1/deployments/giving/replays/{begun['id']}/cancel").json()
    assert (ended["status"], ended["error"]) == ("cancelled", "It was cancelled.")
    eventually(lambda: not held(row, studio)["loaded"])  # its call, which nothing can stop, comes to its end
