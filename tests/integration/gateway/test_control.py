"""The control routes: idempotent changes, candidates beside the live revision, keys, and what is refused."""

import asyncio
import json

import httpx
import pytest

from nexdeck.models.control import CONTROL_PREFIX, REVISION_HEADER
from nexdeck.models.manifest import key_hash
from tests.gateway_process import TOKEN, GatewayProcess, bundle, wait_for

PATH = CONTROL_PREFIX + "/deployments"


def returning(value: str) -> str:
    return f"async def agent():\n    return {value!r}\n"


def test_every_route_wants_the_token(gateway):
    routes = [
        ("GET", "/state"),
        ("GET", "/logs"),
        ("PUT", "/deployments/a/revisions/1"),
        ("DELETE", "/deployments/a/revisions/1"),
        ("PUT", "/deployments/a/live"),
        ("PUT", "/deployments/a/canary"),
        ("PUT", "/deployments/a/keys"),
        ("DELETE", "/deployments/a"),
        ("GET", "/nothing"),
    ]
    for method, path in routes:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = gateway.http.request(method, CONTROL_PREFIX + path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_changes_are_idempotent(gateway):
    one = bundle("twice", returning("one"))
    for _ in range(2):
        assert gateway.load("id-twice", one).json()["loaded"] == [{"revision": 1, "sha256": one.sha256, "in_flight": 0}]
    for _ in range(2):
        state = gateway.go_live("id-twice", one).json()
        assert state["live"]["revision"] == 1 and state["loaded"] == []
    assert gateway.load("id-twice", one).json()["live"]["revision"] == 1
    other = bundle("twice", returning("other"))
    assert gateway.load("id-twice", other).json()["code"] == "revision_differs"
    assert gateway.go_live("id-twice", other).json()["code"] == "revision_differs"
    assert gateway.control.delete(f"{PATH}/id-twice/revisions/1").json()["code"] == "revision_is_live"
    for _ in range(2):
        assert gateway.control.delete(f"{PATH}/id-twice").status_code == 200
        assert gateway.control.delete(f"{PATH}/id-twice/revisions/9").status_code == 200
    assert "id-twice" not in json.dumps(gateway.state())


def test_a_candidate_is_reached_by_the_control_plane_only(gateway):
    gateway.deploy("beside", returning("old"))
    new = bundle("beside", returning("new"), revision=2)
    assert gateway.load("id-beside", new).status_code == 200
    assert gateway.output("beside") == {"result": "old"}
    assert gateway.candidate("beside", 2, {}).json()["outputs"]["agent"]["result"] == {"result": "new"}
    assert gateway.candidate("beside", 3, {}).json()["code"] == "revision_not_loaded"
    assert gateway.call("beside", {}, **{REVISION_HEADER: "2"}).json()["code"] == "control_token_required"
    gateway.go_live("id-beside", new)
    assert gateway.output("beside") == {"result": "new"}


def test_a_first_candidate_that_is_dropped_leaves_nothing(gateway):
    first = bundle("never", returning("x"))
    gateway.load("id-never", first)
    assert gateway.call("never", {}).json()["code"] == "not_deployed"
    gateway.control.delete(f"{PATH}/id-never/revisions/1")
    assert "never" not in json.dumps(gateway.state())
    assert gateway.load("another-id", bundle("never", returning("y"))).status_code == 200
    gateway.control.delete(f"{PATH}/another-id")


def test_the_old_revision_finishes_its_calls(gateway):
    gateway.deploy("slow", "import asyncio\nasync def agent():\n    await asyncio.sleep(1)\n    return 'old'\n")

    async def swap_during_a_call() -> httpx.Response:
        async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as http:
            call = asyncio.create_task(http.post("/workflows/slow/execute", json={"inputs": {}}))
            await asyncio.to_thread(wait_for, lambda: gateway.deployment("slow")["live"]["in_flight"])
            await asyncio.to_thread(gateway.deploy, "slow", returning("new"), 2)
            assert gateway.deployment("slow")["loaded"][0]["in_flight"] == 1
            assert gateway.output("slow") == {"result": "new"}
            return await call

    assert asyncio.run(swap_during_a_call()).json()["outputs"]["agent"]["result"] == {"result": "old"}
    wait_for(lambda: gateway.deployment("slow")["loaded"] == [])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\ndef agent(:\n", "Line 2: SyntaxError"),
        ("x = 1\n\nraise ValueError('boo')\n", "Line 3: ValueError: boo"),
        ("import no_such_thing\n", "Line 1: ModuleNotFoundError"),
        ("import sys\nsys.exit(1)\n", "Line 2: SystemExit"),
        ("x = 1\n", "no agent"),
        ("def one():\n    pass\ndef two():\n    pass\n", "one, two"),
        ("agent = 5\n", "`agent` is a int"),
        ("from os import getcwd\n", "no agent"),
        ("\x00", "null bytes"),
        ("def agent():\n" + "  " * 5000 + "(" * 5000, "SyntaxError"),
    ],
)
def test_modules_that_do_not_load_are_rejected(gateway, source, words):
    answer = gateway.load("id-bad", bundle("bad", source))
    assert (answer.status_code, answer.json()["code"]) == (422, "artifact_rejected")
    assert words in answer.json()["detail"]
    assert "id-bad" not in json.dumps(gateway.state())


def test_wrong_bundles_are_refused_without_echoing_them(gateway):
    wanted = bundle("wrong", returning("x"), environment={"KEY": "do-not-echo-me"})
    forged = wanted.model_copy(update={"sha256": "0" * 64})
    assert gateway.load("id-wrong", forged).json()["code"] == "hash_mismatch"
    document = wanted.model_dump(mode="json")
    for change in ({"name": "Not A Name"}, {"environment": "do-not-echo-me"}, {"revision": 0}, {"manifest": None}):
        answer = gateway.control.put(f"{PATH}/id-wrong/revisions/1", json=document | change)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")
        assert "do-not-echo-me" not in answer.text
    schema = bundle("wrong", returning("x"), input_schema={"type": 5})
    assert gateway.load("id-wrong", schema).json()["code"] == "artifact_rejected"
    assert gateway.control.put(f"{PATH}/id-wrong/revisions/2", json=document).status_code == 422
    assert gateway.control.put(f"{PATH}/..%2fetc/revisions/1", json=document).status_code in (404, 422)
    assert gateway.control.put(f"{PATH}/{'x' * 200}/revisions/1", json=document).status_code == 422
    huge = gateway.control.put(f"{PATH}/id-wrong/revisions/1", content=b"x" * (21 << 20))
    assert huge.status_code == 413
    assert "id-wrong" not in json.dumps(gateway.state())


def test_a_name_belongs_to_one_deployment(gateway):
    gateway.deploy("taken", returning("x"))
    answer = gateway.load("someone-else", bundle("taken", returning("y")))
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert gateway.load("id-taken", bundle("renamed", returning("y"), revision=2)).json()["code"] == "name_differs"


def protected_routes(name: str) -> list[tuple[str, str]]:
    """Every way to a deployment that this gateway or Nexus has, or that other kinds of Nexus servers have."""
    own = [f"/workflows/{name}", f"/workflows/{name}/", f"/workflows/{name}/execute", f"/workflows//{name}/execute",
           f"/workflows/{name}/execute/", f"/workflows/%{ord(name[0]):x}{name[1:]}/execute", f"/mcp/{name}",
           f"/workflows/{name}/signals/x", f"/enterprise/workflows/{name}/execute_async",
           f"/enterprise/workflows/{name}/execute", f"/durable/workflows/{name}/execute", f"/execute/{name}",
           f"/workflows/x/../{name}/execute", f"/{name}/execute", "/execute", "/", "/workflows"]  # fmt: skip
    return [("POST", path) for path in own] + [
        ("GET", f"/workflows/{name}/workflow/info"),
        ("GET", f"/workflows/{name}/status/1"),
        ("GET", f"/workflows/{name}/openapi.json"),
        ("GET", f"/mcp/{name}"),
    ]


def test_no_route_runs_a_protected_agent_without_its_key(gateway):
    gateway.deploy(
        "guarded",
        "def agent(**_):\n    print('RAN')\n    return 'secret'\n",
        require_key=True,
        key_hashes=[key_hash("k1")],
    )
    openapi = gateway.http.get("/openapi.json").json()["paths"]
    listed = [(method.upper(), path.replace("{workflow_id}", "guarded").replace("{path}", "guarded/execute"))
              for path, methods in openapi.items() for method in methods]  # fmt: skip
    body = {"inputs": {}, "workflow": "guarded", "name": "guarded"}
    for headers in ({}, {"Authorization": "Bearer k2"}, {"Authorization": "k1"}, {"X-API-Key": "k2"}):
        for method, path in [*protected_routes("guarded"), *listed]:
            answer = gateway.http.request(method, path, json=body, headers=headers)
            assert "secret" not in answer.text, (method, path)
            if path.startswith(("/workflows/guarded", "/mcp/guarded")):
                assert answer.status_code == 401, (method, path)
    assert "RAN" not in gateway.messages("guarded")
    assert gateway.call("guarded", {}, key="k1").status_code == 200
    assert gateway.call("guarded", {}, key=TOKEN).status_code == 200
    assert (
        gateway.http.get("/workflows/guarded/workflow/info", headers={"Authorization": "Bearer k1"}).status_code == 200
    )


def test_keys_are_replaced_at_once(gateway):
    gateway.deploy("keyed", returning("x"), require_key=True, key_hashes=[key_hash("a")])
    assert gateway.call("keyed", {}, key="a").status_code == 200
    answer = gateway.control.put(f"{PATH}/id-keyed/keys", json={"key_hashes": [key_hash("b"), key_hash("c")]})
    assert answer.status_code == 200
    assert [gateway.call("keyed", {}, key=key).status_code for key in "abc"] == [401, 200, 200]
    assert gateway.control.put(f"{PATH}/unknown/keys", json={"key_hashes": []}).status_code == 404


def test_foreign_hosts_and_origins_are_refused(gateway):
    gateway.deploy("local-only", returning("x"))
    assert gateway.call("local-only", {}, Host="evil.example").json()["code"] == "foreign_host"
    assert gateway.call("local-only", {}, Host=f"localhost:{gateway.port}").status_code == 200
    assert gateway.call("local-only", {}, Host="[::1]:1").status_code == 200
    assert gateway.call("local-only", {}, Origin="http://evil.example").json()["code"] == "foreign_origin"
    assert gateway.call("local-only", {}, Origin="null").json()["code"] == "foreign_origin"
    assert gateway.call("local-only", {}, Origin=gateway.url).status_code == 200
    for path in ("/mcp", "/mcp/local-only", "/control/v1/state"):
        assert gateway.http.post(path, json={}, headers={"Host": "evil.example"}).status_code == 421


def test_web_sockets_are_refused(gateway):
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for path in ("/ws", "/mcp", "/workflows/x/ws"):
        assert gateway.http.get(path, headers=headers).status_code == 403


def test_logs_are_read_after_a_cursor(gateway):
    gateway.deploy("logging", "def agent(n):\n    print(f'line {n}')\n")
    begin = gateway.logs(limit=5000)["next_cursor"]
    for n in range(3):
        gateway.call("logging", {"n": n})
    batch = gateway.logs(after=begin, limit=2)
    assert batch["lines"][0]["message"] == "line 0"
    rest = gateway.logs(after=batch["next_cursor"])
    assert "line 2" in [line["message"] for line in rest["lines"]]
    assert gateway.logs(after=rest["next_cursor"]) == rest | {"lines": [], "lost": 0}
    assert gateway.control.get("/control/v1/logs?after=x").status_code == 422


def test_nexus_lists_what_is_deployed(gateway):
    gateway.deploy("listed", returning("x"))
    assert "listed" in gateway.http.get("/workflows").json()
    info = gateway.http.get("/workflows/listed/workflow/info").json()
    assert info["nodes"] == [{"id": "agent", "type": "AgentNode"}]
    assert "listed" in gateway.http.get("/health").json()["workflows"]
    for page in ("/docs", "/redoc", "/workflows/listed/docs"):  # they run scripts from another host
        assert gateway.http.get(page).json()["code"] == "no_such_route"
    gateway.undeploy("listed")
    assert "listed" not in gateway.http.get("/workflows").json()
    assert gateway.http.get("/workflows/listed/workflow/info").status_code == 404


async def test_fifty_redeployments_under_clients_fail_no_call(gateway: GatewayProcess):
    gateway.deploy("swapped", returning("0"))
    done, counts = asyncio.Event(), {"calls": 0}

    async def client(http: httpx.AsyncClient) -> None:
        while not done.is_set():
            answer = await http.post("/workflows/swapped/execute", json={"inputs": {}})
            assert answer.status_code == 200, answer.text
            counts["calls"] += 1

    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as http:
        clients = [asyncio.create_task(client(http)) for _ in range(16)]
        for revision in range(2, 52):
            await asyncio.to_thread(gateway.deploy, "swapped", returning(str(revision)), revision)
        done.set()
        await asyncio.gather(*clients)
    assert counts["calls"] > 100
    assert gateway.output("swapped") == {"result": "51"}
    wait_for(lambda: gateway.deployment("swapped")["loaded"] == [])


def test_a_canary_gets_its_share_until_it_is_switched_or_dropped(gateway):
    gateway.deploy("shared", returning("old"))
    new = bundle("shared", returning("new"), revision=2)
    share = {"revision": 2, "sha256": new.sha256, "percent": 20}

    def put(**changes: object) -> httpx.Response:
        return gateway.control.put(f"{PATH}/id-shared/canary", json=share | changes)

    def answers(calls: int) -> list[str]:
        return [gateway.output("shared")["result"] for _ in range(calls)]

    assert put().json()["code"] == "revision_not_loaded"
    gateway.load("id-shared", new)
    assert put(percent=0).json()["code"] == put(percent=51).json()["code"] == "invalid_body"
    assert put(sha256="0").json()["code"] == "revision_differs"
    for _ in range(2):
        assert put().json()["canary"] == {"revision": 2, "percent": 20}
    assert answers(50).count("new") == 10
    gateway.control.delete(f"{PATH}/id-shared/revisions/2")
    assert gateway.deployment("shared")["canary"] is None
    assert set(answers(20)) == {"old"}
    gateway.load("id-shared", new)
    put()
    gateway.go_live("id-shared", new)
    assert gateway.deployment("shared")["canary"] is None
    assert set(answers(20)) == {"new"}
    assert put().json()["code"] == "nothing_to_share"
    gateway.undeploy("shared")
