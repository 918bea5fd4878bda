"""Where gateways may be is checked when they are added and again at each connection."""

import asyncio
import ipaddress
from functools import partial

import pytest

from nexdeck.models.trust import Trust, read_fingerprint
from nexdeck.services.errors import GatewayUnreachable, InvalidInput
from nexdeck.services.gateways.admission import TrustWish, admit
from nexdeck.services.gateways.connections import GatewayConnections
from tests.certificates import Authority, showing

ALLOWED = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("169.254.0.0/16")]


@pytest.mark.parametrize(
    ("url", "wish", "code", "place"),
    [
        ("http://10.9.9.9:8401", TrustWish(), "not_encrypted", "url"),
        ("http://127.0.0.1:8401", TrustWish(pin="ab" * 32), "invalid_input", "pin"),
        ("https://127.0.0.1:8401", TrustWish(ca="x", pin="y"), "invalid_input", "ca"),
        ("https://127.0.0.1:8401", TrustWish(ca="-----BEGIN CERTIFICATE-----\nx"), "invalid_input", "ca"),
        ("https://127.0.0.1:8401", TrustWish(pin="ab:cd"), "invalid_input", "pin"),
        ("https://169.254.169.254", TrustWish(), "invalid_input", "url"),
        ("https://[::ffff:169.254.169.254]", TrustWish(), "invalid_input", "url"),
        ("https://192.168.1.1", TrustWish(), "invalid_input", "url"),
    ],
)
async def test_what_is_not_admitted(url: str, wish: TrustWish, code: str, place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await admit(url, "token", wish, ALLOWED)
    assert (refused.value.code, refused.value.errors[0].path) == (code, place)


async def test_plain_http_to_another_host_when_it_is_meant() -> None:
    place = await admit("http://10.9.9.9:8401/", " token ", TrustWish(), ALLOWED, allow_plain=True)
    assert (place.url, place.token, place.trust) == ("http://10.9.9.9:8401", "token", Trust())


async def test_a_pin_is_compared_with_what_is_shown(tmp_path) -> None:
    files = Authority(tmp_path).sign("127.0.0.1")
    with showing(*files) as port:
        with pytest.raises(InvalidInput, match="another certificate") as refused:
            await admit(f"https://127.0.0.1:{port}", "token", TrustWish(pin="ab" * 32), [])
        seen = read_fingerprint(refused.value.message.split("SHA-256 ")[1].split(". ")[0])
        place = await admit(f"https://127.0.0.1:{port}", "token", TrustWish(pin=seen), [])
    assert place.trust.fingerprint == seen


@pytest.mark.parametrize("form", ["{}", "SHA-256: {}", "sha256 Fingerprint={}", "  {}\n"])
def test_a_fingerprint_is_read_in_the_forms_that_people_copy(form: str) -> None:
    digits = "0123456789abcdef" * 4
    colons = ":".join(digits[i : i + 2] for i in range(0, 64, 2)).upper()
    assert read_fingerprint(form.format(digits)) == read_fingerprint(form.format(colons)) == colons


async def test_a_name_that_points_elsewhere_later_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name was harmless when it was checked, and means the metadata service now."""
    answers = ["127.0.0.1"]

    async def resolve(host: str, port: int, **_) -> list:
        return [(None, None, None, "", (answers[-1], port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    place = await admit("https://rebound.example", "token", TrustWish(), [])
    connections = GatewayConnections()
    for address in ("169.254.169.254", "10.0.0.1"):
        answers.append(address)
        client = connections.to(place.url, "token")
        for reach in (client.state, partial(client.remove, "dep_1")):
            with pytest.raises(GatewayUnreachable, match=address):
                await reach()
    await connections.close()
