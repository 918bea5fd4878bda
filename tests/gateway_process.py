"""A real gateway process for tests, and short ways to deploy modules to it and to call them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from nexdeck.models.control import CONTROL_PREFIX, REVISION_HEADER
from nexdeck.models.manifest import Manifest, RevisionBundle, hash_of
from tests.programs import ROOT, free_port

TOKEN = "control-token-of-the-tests"
ANY_OBJECT = {"type": "object"}


def wait_for(condition, seconds: float = 30.0, what: str = "") -> Any:
    """What ``condition`` returns once it is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(what or "it did not come true")
        time.sleep(0.02)
    return result


def bundle(name: str, module: str, revision: int = 1, **options: Any) -> RevisionBundle:
    """``environment`` and ``key_hashes`` are the bundle's, all other options the manifest's."""
    environment, key_hashes = options.pop("environment", {}), options.pop("key_hashes", [])
    defaults = {
        "agent": name,
        "version": f"1.0.{revision}",
        "kind": "python",
        "input_schema": ANY_OBJECT,
        "output_schema": ANY_OBJECT,
        "channels": ["api", "cli", "mcp"],
    }
    return RevisionBundle(
        name=name,
        revision=revision,
        sha256=hash_of(module),
        module=module,
        manifest=Manifest.model_validate(defaults | options),
        environment=environment,
        key_hashes=key_hashes,
    )


class GatewayProcess:
    """``http`` carries no token; ``control`` does."""

    def __init__(self, data_dir: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        scheme = "https" if any(option.startswith("--tls-") for option in options) else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=False)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        self.control = httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=False, headers=headers)
        self._options = options
        self._env = os.environ | {"NEXDECK_GATEWAY_TOKEN": TOKEN} | (env or {})

    def start(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "nexdeck.app.gateway",
            "--port",
            str(self.port),
            "--data-dir",
            str(self.data_dir),
        ]
        with (self.data_dir / "process.log").open("ab") as log:
            self.process = subprocess.Popen([*command, *self._options], cwd=ROOT, env=self._env, stdout=log, stderr=log)
        wait_for(self._is_ready, 60, f"the gateway did not become ready: {self.log()}")

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"the gateway ended: {self.log()}"
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.http.close()
        self.control.close()
        if self.process.poll() is None:
            self.kill()

    def log(self) -> str:
        return (self.data_dir / "process.log").read_text()[-3000:]

    def load(self, deployment_id: str, wanted: RevisionBundle) -> httpx.Response:
        path = f"{CONTROL_PREFIX}/deployments/{deployment_id}/revisions/{wanted.revision}"
        return self.control.put(path, content=wanted.model_dump_json())

    def go_live(self, deployment_id: str, wanted: RevisionBundle, drain_seconds: float = 5.0) -> httpx.Response:
        body = {"revision": wanted.revision, "sha256": wanted.sha256, "drain_seconds": drain_seconds}
        return self.control.put(f"{CONTROL_PREFIX}/deployments/{deployment_id}/live", json=body)

    def deploy(self, name: str, module: str, revision: int = 1, **options: Any) -> str:
        """Load a module and make it live. Returns the deployment's id."""
        wanted = bundle(name, module, revision, **options)
        deployment_id = f"id-{name}"
        for answer in (self.load(deployment_id, wanted), self.go_live(deployment_id, wanted)):
            assert answer.status_code == 200, answer.text
        return deployment_id

    def undeploy(self, name: str) -> None:
        assert self.control.delete(f"{CONTROL_PREFIX}/deployments/id-{name}").status_code == 200

    def call(self, name: str, inputs: Any, *, key: str | None = None, **headers: str) -> httpx.Response:
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return self.http.post(f"/workflows/{name}/execute", json={"inputs": inputs}, headers=headers)

    def output(self, name: str, /, **inputs: Any) -> Any:
        """The output object of a call that must succeed."""
        answer = self.call(name, inputs)
        assert answer.status_code == 200, answer.text
        return answer.json()["outputs"]["agent"]["result"]

    def candidate(self, name: str, revision: int, inputs: Any) -> httpx.Response:
        body, headers = {"inputs": inputs}, {REVISION_HEADER: str(revision)}
        return self.control.post(f"/workflows/{name}/execute", json=body, headers=headers)

    def state(self) -> dict[str, Any]:
        return self.control.get(f"{CONTROL_PREFIX}/state").json()

    def deployment(self, name: str) -> dict[str, Any]:
        return next(found for found in self.state()["deployments"] if found["name"] == name)

    def logs(self, **query: int) -> dict[str, Any]:
        return self.control.get(f"{CONTROL_PREFIX}/logs", params=query).json()

    def messages(self, name: str) -> list[str]:
        """Of all that it still holds, however much others have written to it."""
        after, found = 0, []
        while True:
            batch = self.logs(after=after, limit=5000)
            found += [line["message"] for line in batch["lines"] if line["deployment_id"] == f"id-{name}"]
            if batch["next_cursor"] == after:
                return found
            after = batch["next_cursor"]


@contextmanager
def gateway_process(data_dir: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(data_dir, *options, env=env)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.close()
