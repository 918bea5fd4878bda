"""The process: what it refuses to start with, how it comes back after any end, how it ends as told."""

import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from tests.gateway_process import TOKEN, bundle, gateway_process, wait_for
from tests.programs import ROOT, free_port

COUNT = "async def agent():\n    return 'still here'\n"


def start(*options: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nexdeck.app.gateway", *options]
    return subprocess.run(
        command, cwd=ROOT, env={"NEXDECK_GATEWAY_TOKEN": token}, capture_output=True, text=True, timeout=60
    )


def test_wrong_starts_end_with_one_clear_line(tmp_path, gateway):
    (tmp_path / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        cases = [
            (start("--data-dir", str(tmp_path), "--port", port), 4, "cannot listen"),
            (start("--data-dir", str(tmp_path), "--port", "0", token=""), 3, "no control token"),
            (start("--data-dir", str(tmp_path), "--port", "0", "--token-file", "/no/such"), 3, "cannot be read"),
            (start("--data-dir", str(tmp_path / "file"), "--port", "0"), 5, "cannot be used"),
            (start("--data-dir", str(gateway.data_dir), "--port", "0"), 5, "another gateway"),
            (start("--data-dir", str(tmp_path), "--port", "0", "--host", "0.0.0.0"), 2, "--allow-remote"),
            (start("--data-dir", str(tmp_path), "--host", "0.0.0.0", "--allow-remote"), 2, "--tls-self-signed"),
            (start("--data-dir", str(tmp_path), "--tls-cert", "/no/such"), 2, "--tls-key"),
            (start("--data-dir", str(tmp_path), "--tls-cert", "/no", "--tls-key", "/no"), 2, "cannot be read"),
            (start("--data-dir", str(tmp_path), "--tls-cert", __file__, "--tls-key", __file__), 2, "no certificate"),
            (start("--data-dir", str(tmp_path), "--port", "0", "--llm-allowed-hosts", "http://x/"), 2, "not a host"),
        ]
    for ended, code, words in cases:
        assert ended.returncode == code, ended.stderr
        assert words in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1
        assert TOKEN not in ended.stderr


def test_it_comes_back_after_being_killed(own_gateway):
    own_gateway.deploy("kept", COUNT, environment={"A": "b"}, require_key=False)
    own_gateway.deploy("later", "import os\nif not os.path.exists('/no/such'):\n    pass\n" + COUNT)
    own_gateway.load("id-candidate", bundle("candidate", COUNT))
    folder = own_gateway.data_dir / "deployments"
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.glob("*.json"))
    boot = own_gateway.state()["boot_id"]
    own_gateway.kill()
    (folder / "half.writing").write_text('{"name": "hal')
    (folder / "broken.json").write_text('{"name": "broken')
    (folder / "id-later.json").write_text(
        (folder / "id-later.json").read_text().replace("if not", "raise OSError; if not")
    )
    own_gateway.start()
    assert own_gateway.output("kept") == {"result": "still here"}
    state = own_gateway.state()
    assert state["boot_id"] != boot
    found = {deployment["deployment_id"]: deployment for deployment in state["deployments"]}
    assert found.keys() == {"id-kept", "id-later", "broken"}
    assert found["id-kept"]["error"] is None
    assert found["broken"]["error"] and found["id-later"]["error"]
    assert own_gateway.call("later", {}).json()["code"] == "not_restored"
    assert not list(folder.glob("*.writing"))
    # a broken one can be deployed anew, and removed
    own_gateway.deploy("later", COUNT, revision=2)
    assert own_gateway.output("later") == {"result": "still here"}
    assert own_gateway.control.delete("/control/v1/deployments/broken").status_code == 200
    assert not (folder / "broken.json").exists()


def test_removed_and_changed_deployments_stay_so(own_gateway):
    own_gateway.deploy("gone", COUNT)
    own_gateway.undeploy("gone")
    own_gateway.deploy("second", COUNT)
    own_gateway.deploy("second", COUNT.replace("still here", "changed"), revision=2)
    own_gateway.control.put("/control/v1/deployments/id-second/keys", json={"key_hashes": ["0" * 64]})
    own_gateway.kill()
    own_gateway.start()
    assert own_gateway.call("gone", {}).status_code == 404
    assert own_gateway.output("second") == {"result": "changed"}
    assert own_gateway.deployment("second")["live"]["revision"] == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_calls_in_flight_and_ends_well(own_gateway, number):
    own_gateway.deploy("slow", "import asyncio\nasync def agent():\n    await asyncio.sleep(1.5)\n    return 'done'\n")
    answers: list[httpx.Response] = []
    caller = threading.Thread(target=lambda: answers.append(own_gateway.call("slow", {})))
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    headers = {"Accept": "application/json, text/event-stream"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    session = own_gateway.control.post("/mcp", json=message, headers=headers).headers["mcp-session-id"]
    with own_gateway.control.stream("GET", "/mcp", headers=headers | {"Mcp-Session-Id": session}) as stream:
        assert stream.status_code == 200
        caller.start()
        wait_for(lambda: own_gateway.deployment("slow")["live"]["in_flight"])
        began = time.monotonic()
        own_gateway.process.send_signal(number)
        assert own_gateway.process.wait(30) == 0
    caller.join()
    assert answers[0].json()["outputs"]["agent"]["result"] == {"result": "done"}
    assert time.monotonic() - began < 8  # an open stream does not hold it for the whole grace of ten seconds


def test_an_agent_that_never_ends_does_not_keep_the_process(own_gateway):
    own_gateway.deploy("stuck", "import time\ndef agent():\n    time.sleep(3600)\n", limits={"timeout_seconds": 0.2})
    own_gateway.deploy(
        "busy", "import threading\ndef agent():\n    threading.Event().wait()\n", limits={"timeout_seconds": 0.2}
    )
    assert own_gateway.call("stuck", {}).status_code == 504
    assert own_gateway.call("busy", {}).status_code == 504
    assert own_gateway.stop() == 0


def test_other_addresses_are_served_when_allowed(tmp_path):
    options = ("--host", "0.0.0.0", "--allow-remote", "--allow-plain-http", "--allowed-hosts", "gateway.example")
    with gateway_process(tmp_path, *options) as running:
        assert running.http.get("/livez", headers={"Host": "gateway.example"}).status_code == 200
        assert running.http.get("/livez", headers={"Host": "other.example"}).status_code == 421


def test_it_answers_before_it_is_ready(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "nexdeck.app.gateway", "--port", str(port), "--data-dir", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, env={"NEXDECK_GATEWAY_TOKEN": TOKEN}, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:

            def answer(path: str) -> int | None:
                try:
                    return http.get(path).status_code
                except httpx.ConnectError:
                    return None

            wait_for(lambda: answer("/livez") == 200)
            assert answer("/readyz") in (200, 503)
            headers = {"Authorization": f"Bearer {TOKEN}"}
            loaded = http.put(  # asked for before Nexus is loaded: it waits
                "/control/v1/deployments/a/revisions/1", content=bundle("a", COUNT).model_dump_json(), headers=headers
            )
            assert loaded.status_code == 200
            wait_for(lambda: answer("/readyz") == 200)
    finally:
        process.kill()
        process.wait()


def test_what_was_counted_outlives_revisions_ends_and_kills(tmp_path):
    with gateway_process(tmp_path / "data") as gateway:
        first = gateway.state()["boot_id"]
        gateway.deploy("counted", "def agent():\n    return 1\n")
        for _ in range(3):
            gateway.output("counted")
        gateway.undeploy("counted")
        assert counted(gateway, first, 0)["revisions"][0]["channels"][0]["requests"] == 3
        gateway.deploy("other", "def agent():\n    return 1\n")
        assert gateway.stop() == 0
        gateway.start()
        second = gateway.state()["boot_id"]
        gateway.output("other")
        wait_for(lambda: "other" in (tmp_path / "data" / "counters" / f"{second}.json").read_text(), what="saved")
        gateway.kill()
        gateway.start()
        earlier = counted(gateway, first, 3)["earlier"]
        assert [boot["boot_id"] for boot in earlier] == [first, second]
        channels = [[c for revision in boot["revisions"] for c in revision["channels"]] for boot in earlier]
        assert [sum(channel["requests"] for channel in of_boot) for of_boot in channels] == [3, 1]
        third = gateway.state()["boot_id"]
        assert counted(gateway, third, 0)["earlier"] == []


def test_how_far_lines_and_calls_go_is_told_with_the_counters(own_gateway):
    own_gateway.deploy("talking", "def agent():\n    print('one')\n    print('two')\n    return 1\n")
    before = counted(own_gateway, "", 0)
    own_gateway.output("talking")
    told = counted(own_gateway, "", 0)
    assert told["calls"] == before["calls"] + 1
    assert told["lines"] >= before["lines"] + 2
    for what, newest in (("logs", told["lines"]), ("requests", told["calls"])):
        assert own_gateway.control.get(f"/control/v1/{what}").json()["next_cursor"] == newest
    state = own_gateway.control.get("/control/v1/state", params={"boot": "", "after": 0}).json()
    assert (state["counted"]["lines"], state["counted"]["calls"]) == (told["lines"], told["calls"])


def counted(gateway, boot_id, after):
    return gateway.control.get("/control/v1/counters", params={"boot": boot_id, "after": after}).json()
