"""Keys at the gateway: they end by its own clock, through every channel, and it tells how each was used."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from mcp import McpError

from nexdeck.models.control import CONTROL_PREFIX
from nexdeck.models.manifest import key_hash
from tests.gateway_process import bundle, wait_for
from tests.integration.gateway.test_mcp import DOUBLE, SCHEMAS, connected


def set_keys(gateway, name: str, *lasting: str, **ending: datetime) -> None:
    body = {
        "key_hashes": [key_hash(key) for key in lasting],
        "expiring_keys": {key_hash(key): end.isoformat() for key, end in ending.items()},
    }
    answer = gateway.control.put(f"{CONTROL_PREFIX}/deployments/id-{name}/keys", json=body)
    assert answer.status_code == 200, answer.text


def in_(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def call(gateway, name: str, key: str, **headers: str) -> int:
    return gateway.call(name, {"number": 1}, key=key, **headers).status_code


async def test_a_key_ends_on_every_channel_without_the_control_plane(gateway):
    gateway.deploy("ending", DOUBLE, require_key=True, **SCHEMAS)
    end = in_(4)
    set_keys(gateway, "ending", "lasting", short=end)
    async with (
        connected(gateway, "/mcp", Authorization="Bearer short") as all_of_it,
        connected(gateway, "/mcp/ending", Authorization="Bearer short") as one,
    ):
        for client in (all_of_it, one):
            assert (await client.session.call_tool("ending", {"number": 2})).structuredContent == {"doubled": 4}
        assert [call(gateway, "ending", "short", **{"x-nexdeck-channel": c}) for c in ("api", "cli")] == [200, 200]
        await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
        assert [call(gateway, "ending", "short", **{"x-nexdeck-channel": c}) for c in ("api", "cli")] == [401, 401]
        with pytest.raises(McpError, match="Unknown tool"):  # the session is open as before
            await all_of_it.session.call_tool("ending", {"number": 2})
    assert gateway.http.post("/mcp/ending", headers={"Authorization": "Bearer short"}).status_code == 401
    assert call(gateway, "ending", "lasting") == 200


async def test_an_open_session_loses_its_tools_when_its_key_is_revoked(gateway):
    gateway.deploy("revoked", DOUBLE, require_key=True, **SCHEMAS)
    set_keys(gateway, "revoked", "k1", "k2")
    async with connected(gateway, "/mcp", Authorization="Bearer k1") as client:
        assert "revoked" in await client.tools()
        set_keys(gateway, "revoked", "k2")
        await client.told_of_a_change()
        assert "revoked" not in await client.tools()
    assert (call(gateway, "revoked", "k1"), call(gateway, "revoked", "k2")) == (401, 200)


def test_it_tells_how_often_and_when_each_accepted_key_was_used(gateway):
    gateway.deploy("used", DOUBLE, require_key=True, **SCHEMAS)
    set_keys(gateway, "used", "mine", other=in_(600))
    before = datetime.now(UTC)
    statuses = [call(gateway, "used", key) for key in ("mine", "mine", "other", "wrong")]
    assert statuses == [200, 200, 200, 401]
    state = gateway.deployment("used")
    assert {key: use["calls"] for key, use in state["key_uses"].items()} == {key_hash("mine"): 2, key_hash("other"): 1}
    assert all(datetime.fromisoformat(use["last_at"]) >= before for use in state["key_uses"].values())
    told = state["options"]["keys_digest"]
    set_keys(gateway, "used", "mine")
    state = gateway.deployment("used")
    assert list(state["key_uses"]) == [key_hash("mine")]
    assert state["options"]["keys_digest"] not in (told, "", None)


def test_an_expiry_outlives_a_restart_of_the_gateway(own_gateway):
    end = in_(600)
    wanted = bundle("kept", DOUBLE, require_key=True, **SCHEMAS)
    wanted = wanted.model_copy(update={"expiring_keys": {key_hash("long"): end, key_hash("past"): in_(-1)}})
    own_gateway.load("id-kept", wanted)
    own_gateway.go_live("id-kept", wanted)
    own_gateway.stop()
    own_gateway.start()
    wait_for(lambda: call(own_gateway, "kept", "long") == 200)
    assert call(own_gateway, "kept", "past") == 401
