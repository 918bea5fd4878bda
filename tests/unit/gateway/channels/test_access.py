"""The door: hosts, origins, request ids, keys."""

import pytest

from nexdeck.app.gateway.channels.access import Door
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.manifest import key_hash

DOOR = Door("token", hosts=frozenset({"gateway.example"}), origins=frozenset({"https://studio.example"}))


def admit(**headers: str):
    given = {"host": "localhost:8401"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return DOOR.admit([(name.encode(), value.encode()) for name, value in given.items()], "r1")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "127.0.0.1:8401", "[::1]:80", "10.0.0.7:8401", "Gateway.Example:8401"]
)
def test_own_names_and_addresses_are_hosts(host):
    assert admit(host=host).request_id == "r1"


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::1", "@"]
)
def test_foreign_hosts_are_refused(host):
    with pytest.raises(GatewayProblem) as refused:
        admit(host=host)
    assert refused.value.status_code == 421


def test_origins():
    assert admit(origin="http://localhost:8401")
    assert admit(origin="https://studio.example")
    for origin in ("http://evil.example", "null", "http://localhost:9999", "https://studio.example.evil"):
        with pytest.raises(GatewayProblem) as refused:
            admit(origin=origin)
        assert refused.value.status_code == 403


def test_request_ids():
    assert Door.request_id([(b"x-request-id", b"A.b-c_1")]) == "A.b-c_1"
    for wrong in (b"", b"x" * 65, b"a b", b"a\r\nb", "ü".encode()):
        assert len(Door.request_id([(b"x-request-id", wrong)])) == 16


def test_only_the_token_is_the_control_plane():
    assert admit(authorization="Bearer token").control
    assert admit(authorization="bearer  token ").control
    for wrong in ("Bearer Token", "Basic token", "token", "Bearer", "Bearer token2"):
        assert not admit(authorization=wrong).control
    assert admit(authorization="Bearer some-key").key == key_hash("some-key")


def test_only_the_control_plane_may_choose_a_revision():
    assert admit(authorization="Bearer token", x_nexdeck_revision="7").revision == 7
    for headers in ({"x_nexdeck_revision": "7"}, {"x_nexdeck_revision": "x", "authorization": "Bearer token"}):
        with pytest.raises(GatewayProblem):
            admit(**headers)
