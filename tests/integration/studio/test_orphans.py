"""What a gateway holds and nobody here deployed: shown, adopted without a gap, or taken off."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nexdeck.models.control import CONTROL_PREFIX
from nexdeck.models.manifest import hash_of
from tests.gateway_process import bundle
from tests.integration.studio.conftest import echo_source
from tests.integration.studio.test_lifecycle import call, deploy
from tests.integration.studio.test_reconciler import eventually
from tests.programs import Studio, running_studio

INPUTS = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "times": {"type": "integer"}},
    "required": ["text"],
}


@pytest.fixture
def gateway(studio: Studio) -> Iterator[httpx.Client]:
    """The control API of the gateway ``local``."""
    token = (studio.data_dir / "gateways" / "local" / "token").read_text()
    url = studio.http.get("/api/v1/gateways/local").json()["url"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as control:
        yield control


def put(gateway: httpx.Client, deployment_id: str, name: str, module: str, **options) -> None:
    wanted = bundle(name, module, 3, input_schema=INPUTS, **options)
    place = f"{CONTROL_PREFIX}/deployments/{deployment_id}"
    gateway.put(f"{place}/revisions/3", content=wanted.model_dump_json()).raise_for_status()
    gateway.put(f"{place}/live", json={"revision": 3, "sha256": wanted.sha256}).raise_for_status()


def orphans(studio: Studio) -> dict[str, dict]:
    """Those the gateway has now, by name."""
    studio.http.post("/api/v1/gateways/local/check").raise_for_status()
    found = studio.http.get("/api/v1/gateways/local").json()["orphans"]
    return {orphan["name"]: orphan for orphan in found}


def act(studio: Studio, deployment_id: str, what: str) -> httpx.Response:
    return studio.http.post(f"/api/v1/gateways/local/orphans/{deployment_id}/{what}", params={"wait": 60})


def test_what_was_deployed_here_is_no_orphan(studio: Studio, echo: str) -> None:
    row = deploy(studio, echo, "familiar")["deployment"]
    assert "familiar" not in orphans(studio)
    assert act(studio, row["id"], "remove").status_code == 404
    assert call(row, text="x").status_code == 200


def test_an_orphan_is_shown_and_removed(studio: Studio, gateway: httpx.Client) -> None:
    module = "def odd(text: str) -> str:\n    return text\n"
    put(gateway, "somebody-elses", "odd", module)
    found = orphans(studio)["odd"]
    assert found == {
        "deployment_id": "somebody-elses",
        "name": "odd",
        "revision": 3,
        "sha256": hash_of(module),
        "agent": None,
        "version": None,
        "obstacle": f"no agent in the catalog has its SHA-256 ({hash_of(module)[:12]}…).",
    }
    refused = act(studio, "somebody-elses", "adopt")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_adoptable")
    shown = studio.cli("gateways", "show", "local")
    assert ("unknown to this Nexdeck" in shown.stdout, "somebody-elses" in shown.stdout) == (True, True)
    removed = studio.cli("gateways", "remove-orphan", "local", "somebody-elses", "--yes")
    assert removed.returncode == 0, removed.stderr
    assert "odd" not in orphans(studio)
    assert gateway.post("/workflows/odd/execute", json={"inputs": {"text": "x"}}).status_code == 404
    assert act(studio, "somebody-elses", "remove").status_code == 404


def test_an_adopted_one_keeps_its_options_and_is_a_deployment_like_others(
    studio: Studio, echo: str, gateway: httpx.Client
) -> None:
    limits = {"timeout_seconds": 7}
    put(gateway, "foundling-1", "foundling", echo_source(), channels=["api", "mcp"], limits=limits, require_key=True)
    found = orphans(studio)["foundling"]
    assert (found["agent"], found["version"], found["obstacle"]) == (echo, "1.0.0", None)
    change = act(studio, "foundling-1", "adopt").json()
    assert change["operation"]["status"] == "succeeded", change["operation"]
    row = studio.http.get("/api/v1/deployments/foundling").json()
    assert (row["id"], row["status"], row["live_revision"]) == ("foundling-1", "running", 4)
    assert (row["options"]["channels"], row["options"]["require_key"]) == (["api", "mcp"], True)
    assert row["options"]["limits"]["timeout_seconds"] == 7
    assert call(row, text="x").status_code == 401
    headers = {"Authorization": f"Bearer {change['key']}"}
    body = {"inputs": {"text": "x"}}
    assert httpx.post(row["api_endpoint"], json=body, headers=headers, trust_env=False).status_code == 200
    eventually(lambda: studio.http.get("/api/v1/deployments/foundling").json()["health_status"] == "healthy")
    assert "foundling" not in orphans(studio)
    gone = studio.http.delete("/api/v1/deployments/foundling", params={"wait": 60}).json()
    assert gone["operation"]["status"] == "succeeded"
    assert "foundling" not in orphans(studio)


def test_values_that_only_the_gateway_knows_stand_in_the_way_until_they_are_stored(
    studio: Studio, echo: str, gateway: httpx.Client
) -> None:
    put(gateway, "secretive-1", "secretive", echo_source(), environment={"FLEET_TOKEN": "hidden-value"})
    obstacle = orphans(studio)["secretive"]["obstacle"]
    assert obstacle == "only the gateway knows the values of FLEET_TOKEN. Store them as secrets first."
    studio.http.put("/api/v1/secrets/FLEET_TOKEN", json={"value": "another"}).raise_for_status()
    adopted = studio.cli("gateways", "adopt", "local", "secretive-1")
    assert (adopted.returncode, "is running on local" in adopted.stdout) == (0, True), adopted.stderr
    assert studio.http.get("/api/v1/deployments/secretive").json()["options"]["secrets"] == ["FLEET_TOKEN"]
    assert "hidden-value" not in studio.log.read_text()


def test_another_nexdeck_on_the_same_gateway_is_told_of(studio: Studio, gateway: httpx.Client, tmp_path: Path) -> None:
    def reason(of: Studio, name: str) -> str:
        of.http.post(f"/api/v1/gateways/{name}/check").raise_for_status()
        return of.http.get(f"/api/v1/gateways/{name}").json()["status_reason"] or ""

    assert reason(studio, "local") == ""
    token = gateway.headers["Authorization"].removeprefix("Bearer ")
    with running_studio(tmp_path, NEXDECK_GATEWAY_ALLOWED_NETWORKS="127.0.0.0/8") as rival:
        body = {"name": "shared", "url": str(gateway.base_url).rstrip("/"), "token": token}
        assert rival.http.post("/api/v1/gateways", json=body).status_code == 201
        ours, theirs = ((each.data_dir / "installation.id").read_text() for each in (studio, rival))
        assert f"also controlled by the Nexdeck {theirs}." in reason(studio, "local")
        assert f"also controlled by the Nexdeck {ours}." in reason(rival, "shared")
        assert studio.http.get("/api/v1/gateways/local").json()["status"] == "online"
        assert reason(rival, "local") == ""
