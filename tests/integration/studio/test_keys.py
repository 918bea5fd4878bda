"""Keys from their creation to their end: by REST and by the command line, on a real gateway, on each channel."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.gateway_process import TOKEN, gateway_process, wait_for
from tests.integration.studio.test_lifecycle import change, deploy
from tests.programs import Studio


def in_(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def status(row: dict, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(row["api_endpoint"], json={"inputs": {"text": "x"}}, headers=headers, trust_env=False)
    return answer.status_code


async def tools(row: dict, key: str) -> list[str]:
    everything = row["mcp_endpoint"].rsplit("/", 1)[0]
    async with (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, trust_env=False) as http,
        streamable_http_client(everything, http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        return [tool.name for tool in (await session.list_tools()).tools]


@pytest.fixture(scope="module")
def keyed(studio: Studio, echo: str) -> tuple[dict, str]:
    done = deploy(studio, echo, "keyed", require_key=True)
    return done["deployment"], done["key"]


def keys_of(studio: Studio) -> dict[str, dict]:
    return {key["id"]: key for key in studio.http.get("/api/v1/deployments/keyed/keys").json()["items"]}


async def test_a_rotated_key_goes_on_until_the_chosen_time(studio: Studio, keyed) -> None:
    row, first = keyed
    old = studio.http.post("/api/v1/deployments/keyed/keys", json={"name": "app"}).json()
    answer = studio.http.post("/api/v1/deployments/keyed/keys/app/rotate", json={"old_valid_until": in_(3600)})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    new = answer.json()
    assert (new["name"], new["is_effective"], new["key"] != old["key"]) == ("app", True, True)
    assert [status(row, key) for key in (old["key"], new["key"], first)] == [200, 200, 200]
    assert "keyed" in await tools(row, old["key"])
    before = keys_of(studio)[old["id"]]
    assert (before["replaced_by"], before["state"]) == (new["id"], "valid")
    # again, and the one that was rotated ends at once, on all channels
    path = f"/api/v1/deployments/keyed/keys/{new['id']}/rotate"
    newest = studio.http.post(path, json={"old_valid_until": in_(-1), "expires_at": in_(600)}).json()
    assert [status(row, key) for key in (new["key"], newest["key"])] == [401, 200]
    assert ("keyed" in await tools(row, new["key"]), "keyed" in await tools(row, newest["key"])) == (False, True)
    assert studio.cli("run", "keyed", "text=x", "--key", new["key"]).returncode == 5
    assert studio.cli("run", "keyed", "text=x", "--key", newest["key"]).returncode == 0
    assert keys_of(studio)[new["id"]]["state"] == "revoked"
    far = {"old_valid_until": "9999-12-31T23:59:59-12:00", "expires_at": "0001-01-01T00:00:00+12:00"}
    for field, time in far.items():
        refused = studio.http.post(f"/api/v1/deployments/keyed/keys/{newest['id']}/rotate", json={field: time})
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, field)
    again = studio.http.post(path, json={})
    assert (again.status_code, again.json()["code"]) == (409, "key_ended")


def test_the_command_line_rotates_and_tells_what_was_used(studio: Studio, keyed) -> None:
    row, _ = keyed
    old = studio.cli("keys", "create", "keyed", "laptop", "--expires", "2h").stdout.strip()
    new = studio.cli("keys", "rotate", "keyed", "laptop", "--overlap", "0s", "--expires", "2099-01-31").stdout.strip()
    assert [status(row, key) for key in (old, new)] == [401, 200]

    def used() -> dict | None:
        listed = json.loads(studio.cli("keys", "list", "keyed", "--json").stdout)
        return next((key for key in listed if key["name"] == "laptop" and key["use_count"]), None)

    studio.http.post("/api/v1/gateways/local/check")
    found = wait_for(used)
    assert (found["use_count"], found["state"], found["expires_at"][:4]) == (1, "valid", "2099")
    assert found["last_used_at"] is not None
    assert new not in json.dumps(found)
    wrong = studio.cli("keys", "create", "keyed", "x", "--expires", "soon")
    assert (wrong.returncode, "--expires" in wrong.stderr) == (2, True)
    late = studio.cli("keys", "create", "keyed", "x", "--expires", "2001-01-01")
    assert (late.returncode, "expires_at" in late.stderr) == (2, True)


def test_what_changes_while_the_gateway_is_away_holds_once_it_is_back(studio: Studio, echo: str, tmp_path) -> None:
    with gateway_process(tmp_path / "away") as gateway:
        body = {"name": "away", "url": gateway.url, "token": TOKEN}
        studio.http.post("/api/v1/gateways", json=body).raise_for_status()
        body = {"agent": echo, "name": "awaited", "gateway": "away", "options": {"require_key": True}}
        done = change(studio, "POST", "deployments", body)
        row, first = done["deployment"], done["key"]
        (first_row,) = studio.http.get("/api/v1/deployments/awaited/keys").json()["items"]
        gateway.kill()
        made = studio.http.post("/api/v1/deployments/awaited/keys", json={"name": "meanwhile"}).json()
        assert made["is_effective"] is False
        refused = studio.http.delete(f"/api/v1/deployments/awaited/keys/{first_row['id']}")
        assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unreachable")
        assert "still accepts it" in refused.json()["detail"]
        gateway.start()  # with the keys that it had on disk
        wait_for(lambda: (status(row, first), status(row, made["key"])) == (401, 200))
        change(studio, "DELETE", "deployments/awaited")
        studio.http.delete("/api/v1/gateways/away").raise_for_status()
