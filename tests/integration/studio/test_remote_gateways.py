"""A gateway that runs elsewhere, over TLS: trusted for a reason or not at all, on every way that leads to it."""

import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexdeck.models.choices import Channel
from nexdeck.models.trust import Trust, TrustKind, fingerprint
from nexdeck.services.docs.snippets import snippets
from nexdeck.services.gateways.connections import GatewayConnections
from tests.certificates import Authority, showing
from tests.gateway_process import TOKEN, GatewayProcess, gateway_process
from tests.integration.studio.test_lifecycle import steps
from tests.integration.studio.test_reconciler import eventually
from tests.integration.studio.test_try_it import interface_of, output_of, try_call
from tests.programs import Studio

NAME = "afar"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path_factory.mktemp("afar"), "--tls-self-signed") as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def printed_fingerprint(gateway: GatewayProcess) -> str:
    return re.findall(r"SHA-256 is (\S+)", gateway.log())[-1]


def add(studio: Studio, gateway: GatewayProcess, *options: str) -> subprocess.CompletedProcess[str]:
    return studio.cli("gateways", "add", NAME, gateway.url, *options, stdin=TOKEN)


@pytest.fixture(scope="module")
def afar(studio: Studio, gateway: GatewayProcess, echo: str) -> Iterator[dict]:
    """A deployment on the remote gateway, whose certificate is pinned."""
    added = add(studio, gateway, "--pin", printed_fingerprint(gateway).replace(":", "").lower())
    assert added.returncode == 0, added.stderr
    body = {"agent": echo, "name": "far-echo", "gateway": NAME}
    done = studio.http.post("/api/v1/deployments", params={"wait": 60}, json=body).json()
    assert set(steps(done["operation"]).values()) == {"succeeded"}, done["operation"]
    yield done["deployment"]
    studio.http.delete("/api/v1/deployments/far-echo", params={"wait": 60})
    assert studio.cli("gateways", "remove", NAME, "--yes").returncode == 0


def test_an_unknown_certificate_is_refused_with_what_to_compare(studio: Studio, gateway: GatewayProcess) -> None:
    refused = add(studio, gateway)
    assert refused.returncode == 6, refused.stderr
    assert printed_fingerprint(gateway) in refused.stderr
    assert "pin it" in refused.stderr
    assert TOKEN not in refused.stderr
    wrong = add(studio, gateway, "--pin", "ab" * 32)
    assert printed_fingerprint(gateway) in wrong.stderr
    assert "control" not in gateway.log(), "nothing may be sent before the certificate is known"


async def test_every_way_to_a_pinned_gateway_works(studio: Studio, afar: dict, tmp_path: Path) -> None:
    shown = studio.http.get(f"/api/v1/gateways/{NAME}").json()
    assert (shown["trust"], shown["status"]) == ("pin", "online")
    pem = studio.cli("gateways", "certificate", NAME, "-o", str(tmp_path / "gateway.pem"))
    assert pem.returncode == 0, pem.stderr
    trust = Trust(TrustKind.PIN, (tmp_path / "gateway.pem").read_text())
    assert trust.fingerprint == shown["fingerprint"]
    run = studio.cli("run", "far-echo", "text=hi", "--json")
    assert (run.returncode, json.loads(run.stdout)["text"]) == (0, "hi"), run.stderr
    interface = interface_of(afar, trust=trust)
    connections = GatewayConnections()
    for channel in (Channel.API, Channel.MCP):
        trial = await try_call(connections, interface, {"text": "x"}, channel=channel)
        assert output_of(trial)["text"] == "x"
    await connections.close()


def test_the_snippets_for_a_pinned_gateway_run_as_they_are_printed(studio: Studio, afar: dict, tmp_path: Path) -> None:
    assert studio.cli("gateways", "certificate", NAME, "-o", str(tmp_path / "gateway.pem")).returncode == 0
    trust = Trust(TrustKind.PIN, (tmp_path / "gateway.pem").read_text())
    made = {snippet.client: snippet for snippet in snippets(interface_of(afar, trust=trust))}
    for client, program in {"curl": "bash", "Python": sys.executable, "Python MCP": sys.executable}.items():
        (tmp_path / made[client].filename).write_text(made[client].code)
        done = subprocess.run(
            [program, made[client].filename], cwd=tmp_path, capture_output=True, text=True, timeout=60, env=studio.env
        )
        assert done.returncode == 0 and "hello" in done.stdout, done.stderr


def test_another_certificate_at_its_address_is_noticed_and_gets_nothing(
    studio: Studio, gateway: GatewayProcess, afar: dict
) -> None:
    gateway.stop()
    for file in gateway.data_dir.glob("tls.*"):
        file.unlink()
    gateway.start()
    eventually(lambda: studio.http.get(f"/api/v1/gateways/{NAME}").json()["status"] == "offline")
    eventually(
        lambda: printed_fingerprint(gateway) in (studio.http.get(f"/api/v1/gateways/{NAME}").json()["status_reason"])
    )
    run = studio.cli("run", "far-echo", "text=hi")
    assert run.returncode == 6 and "pinned certificate" in run.stderr, run.stderr
    change = ("gateways", "change", NAME, "--pin", printed_fingerprint(gateway))
    changed = studio.cli(*change, stdin=TOKEN)
    assert changed.returncode == 0, changed.stderr
    assert studio.cli("run", "far-echo", "text=hi").returncode == 0


@pytest.mark.parametrize(
    ("address", "days", "with_ca", "said"),
    [
        ("127.0.0.1", 30, False, "not signed by the system's authorities"),
        ("127.0.0.1", -1, True, "has expired"),
        ("10.1.2.3", 30, True, "not for the name 127.0.0.1"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(
    studio: Studio, authority: Authority, address: str, days: int, with_ca: bool, said: str
) -> None:
    files = authority.sign(address, days=days)
    ca = authority.file.read_text() if with_ca else None
    with showing(*files) as port:
        body = {"url": f"https://127.0.0.1:{port}", "token": TOKEN, "ca": ca}
        answer = studio.http.post("/api/v1/gateways/test", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert fingerprint_of(files[0]) in answer.json()["detail"]


def fingerprint_of(file: Path) -> str:
    return fingerprint(ssl.PEM_cert_to_DER_cert(file.read_text()))


def test_a_gateway_with_a_certificate_of_a_ca(studio: Studio, authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.sign("127.0.0.1")
    options = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with gateway_process(tmp_path / "gateway", *options) as running:
        refused = studio.cli("gateways", "test", running.url, stdin=TOKEN)
        assert refused.returncode == 6
        seen = studio.cli("gateways", "test", running.url, "--ca-file", str(authority.file), stdin=TOKEN)
        assert seen.returncode == 0, seen.stderr


def test_the_stored_token_is_not_sent_on_a_new_certificates_word(studio: Studio, afar: dict) -> None:
    change = {"pin": "ab" * 32}
    answer = studio.http.patch(f"/api/v1/gateways/{NAME}", json=change)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "token")
