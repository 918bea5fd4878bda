"""Two gateways on other hosts, and the line to one of them cut and restored: each side goes on with what it has."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_process import TOKEN, wait_for
from tests.integration.faults.links import ALLOWED, Link, links
from tests.integration.studio.conftest import echo_source
from tests.integration.studio.test_lifecycle import change
from tests.programs import Studio, running_studio

SECONDS = 90.0  # generous: machines are slow at times
OPTIONS = ("--allow-remote",)


@pytest.fixture
def two_links() -> Iterator[list[Link]]:
    with links(2) as made:
        yield made


def add(studio: Studio, name: str, link: Link, folder: Path, *, with_tls: bool) -> None:
    """Start the gateway, wait until it says where it listens, and add it as a person would."""
    link.start_gateway(folder, *OPTIONS, "--tls-self-signed" if with_tls else "--allow-plain-http")
    log = folder / "process.log"
    wait_for(lambda: "ready with" in log.read_text(), SECONDS, "the gateway is not ready")
    how = ["--allow-plain-http"]
    if with_tls:
        how = ["--pin", re.findall(r"SHA-256 is (\S+)", log.read_text())[-1]]
    address = f"{'https' if with_tls else 'http'}://{link.host}:{link.port}"
    added = studio.cli("gateways", "add", name, address, *how, stdin=TOKEN)
    assert added.returncode == 0, added.stderr


def serves_inside(link: Link, scheme: str, name: str) -> bool:
    return '"text":"here"' in link.call_inside(scheme, f"/workflows/{name}/execute", '{"inputs": {"text": "here"}}')


def test_a_line_is_cut_and_restored(two_links: list[Link], tmp_path: Path) -> None:
    first, second = two_links
    with running_studio(tmp_path / "studio", NEXDECK_GATEWAY_ALLOWED_NETWORKS=ALLOWED) as studio:
        studio.http.post("/api/v1/agents", json={"filename": "echo.py", "source": echo_source()}).raise_for_status()
        add(studio, "one", first, tmp_path / "one", with_tls=True)
        add(studio, "two", second, tmp_path / "two", with_tls=False)
        rows = {}
        for name, gateway in (("a", "one"), ("leaving", "one"), ("b", "two")):
            body = {"agent": "echo", "name": name, "gateway": gateway, "options": {"channels": ["api", "cli"]}}
            done = change(studio, "POST", "deployments", body)
            assert done["operation"]["status"] == "succeeded", done["operation"]
            rows[name] = done["deployment"]

        def status_of(gateway: str) -> str:
            return studio.http.get(f"/api/v1/gateways/{gateway}").json()["status"]

        def deployment(name: str) -> dict:
            return studio.http.get(f"/api/v1/deployments/{rows[name]['id']}").json()

        first.cut()
        wait_for(lambda: status_of("one") == "offline", SECONDS, "the cut is not seen")
        wait_for(lambda: deployment("a")["health_status"] == "unhealthy", SECONDS, "a green light over a dead line")
        assert (status_of("two"), deployment("b")["health_status"]) == ("online", "healthy")
        assert studio.cli("run", "b", "text=x").returncode == 0
        assert studio.cli("run", "a", "text=x").returncode != 0
        assert serves_inside(first, "https", "a")
        studio.http.post(f"/api/v1/deployments/{rows['leaving']['id']}/stop").raise_for_status()
        first.kill_gateway()  # nobody who could help it is in reach: it restores itself from its own disk
        first.start_gateway(tmp_path / "one", *OPTIONS, "--tls-self-signed")
        wait_for(lambda: serves_inside(first, "https", "a"), SECONDS, "it does not come back by itself")
        assert serves_inside(first, "https", "leaving"), "it cannot know yet that it shall stop"

        first.restore()
        wait_for(lambda: status_of("one") == "online", SECONDS, "the line is back, and nobody saw it")
        wait_for(lambda: deployment("leaving")["status"] == "stopped", SECONDS, "what was asked for is not done")
        wait_for(lambda: deployment("a")["health_status"] == "healthy", SECONDS, "it does not recover")
        assert studio.cli("run", "a", "text=x").returncode == 0
        assert not serves_inside(first, "https", "leaving")
        assert [deployment(name)["status"] for name in ("a", "b")] == ["running", "running"]
