"""A whole site for the tests of faults: a gateway behind a line that can fail, and a Nexdeck that can be killed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gateway_process import TOKEN, GatewayProcess, gateway_process, wait_for
from tests.integration.faults.proxy import Proxy, proxy_to
from tests.integration.studio.conftest import echo_source
from tests.programs import STOP_SECONDS, Studio, start_studio

CONVERGED_SECONDS = 60.0  # generous, for a busy machine: an idle one needs a few seconds, and fifteen are promised
AT_ONCE = 4  # requests to Nexdeck


@dataclass
class Site:
    folder: Path
    gateway: GatewayProcess
    proxy: Proxy
    settings: dict[str, str]
    studio: Studio

    def restart_studio(self) -> None:
        """On the same data folder, after a kill."""
        self.studio.kill()
        self.studio = start_studio(self.folder, **self.settings)

    def request(self, method: str, path: str, body: dict | None = None, wait: float = 0) -> dict[str, Any]:
        answer = self.studio.http.request(method, f"/api/v1/{path}", params={"wait": wait}, json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def begin(self, kind: str, deployment: dict) -> dict:
        """Ask for a change and do not wait for it. Returns the operation."""
        if kind == "undeploy":
            return self.request("DELETE", f"deployments/{deployment['id']}")["operation"]
        body = {"reason": "test"} if kind == "rollback" else None
        return self.request("POST", f"deployments/{deployment['id']}/{kind}", body)["operation"]

    def straight(self) -> str:
        """The name of a gateway that is the same one, without the proxy: when it is away, connections are refused."""
        body = {"name": "near", "kind": "remote", "url": self.gateway.url, "token": TOKEN}
        assert self.studio.http.post("/api/v1/gateways", json=body).status_code in (201, 409)
        return "near"

    def begin_deploy(self, name: str, channels: list[str] | None = None, gateway: str = "far") -> dict:
        """Returns the deployment."""
        body = {"agent": "echo", "gateway": gateway, "name": name, "options": {"channels": channels or ["api"]}}
        return self.request("POST", "deployments", body)["deployment"]

    def deploy_all(self, names: list[str], channels: list[str] | None = None, gateway: str = "far") -> dict[str, dict]:
        """Running deployments, by name."""

        def one(name: str) -> dict:
            deployment = self.begin_deploy(name, channels, gateway)
            self.settled(deployment)
            return self.read(deployment)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            rows = dict(zip(names, pool.map(one, names), strict=True))
        assert {row["status"] for row in rows.values()} <= {"running"}, rows
        return rows

    def read(self, deployment: dict) -> dict:
        return self.studio.http.get(f"/api/v1/deployments/{deployment['id']}").raise_for_status().json()

    def operation(self, operation: dict) -> dict:
        return self.studio.http.get(f"/api/v1/operations/{operation['id']}").raise_for_status().json()

    def settled(self, deployment: dict) -> dict:
        """The deployment's row once nothing is under way on it."""

        def at_rest() -> dict | None:
            row = self.read(deployment)
            return row if row["operation"] is None or row["operation"]["status"] != "running" else None

        return wait_for(at_rest, CONVERGED_SECONDS, f"something stays under way on {deployment['name']}")

    def eventually(self, condition: Callable[[], object], what: str) -> None:
        wait_for(condition, CONVERGED_SECONDS, what)

    def events(self, deployment: dict) -> list[dict]:
        answer = self.studio.http.get(f"/api/v1/deployments/{deployment['id']}/events")
        return answer.raise_for_status().json()["items"]

    def held(self) -> dict[str, dict]:
        """What the gateway itself says it holds, by deployment id."""
        return {held["deployment_id"]: held for held in self.gateway.state()["deployments"]}

    def serves(self, deployment: dict) -> bool:
        answer = self.gateway.call(deployment["name"], {"text": "x"})
        return answer.status_code == 200


@contextmanager
def site(folder: Path, **settings: str) -> Iterator[Site]:
    """With the agent ``echo`` in the catalog, in two versions, and the gateway ``far`` behind the proxy."""
    with gateway_process(folder / "far") as gateway, proxy_to(gateway.port) as proxy:
        running = Site(folder, gateway, proxy, settings, start_studio(folder, **settings))
        try:
            http = running.studio.http
            body = {"name": "far", "kind": "remote", "url": proxy.url, "token": TOKEN}
            http.post("/api/v1/gateways", json=body).raise_for_status()
            agent = {"filename": "echo.py", "source": echo_source()}
            http.post("/api/v1/agents", json=agent).raise_for_status()
            yield running
        finally:
            proxy.end()
            running.studio.process.terminate()  # so that it ends its own gateway too
            running.studio.process.wait(STOP_SECONDS)
            running.studio.kill()
