"""Where a gateway may be."""

import pytest

from nexdeck.services.errors import InvalidInput
from nexdeck.services.rules.addresses import normalise_url, parse_networks, require_allowed


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "8.8.8.8", "2606:4700::1111"])
def test_loopback_and_public_addresses_are_allowed(address: str) -> None:
    require_allowed(address, [])


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1%eth0",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.9",
        "0.0.0.0",
        "fd00::1",
        "224.0.0.1",
        "::",
        "100.64.0.1",
    ],
)
def test_metadata_private_and_odd_addresses_are_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        require_allowed(address, [])


def test_a_private_network_can_be_allowed_by_name_of_the_network() -> None:
    require_allowed("10.1.2.3", parse_networks("10.1.0.0/16, fd00::/8"))
    with pytest.raises(InvalidInput, match="NEXDECK_GATEWAY_ALLOWED_NETWORKS"):
        require_allowed("10.2.2.3", parse_networks("10.1.0.0/16"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http://u:p@h",
        "http://h?x=1",
        "http://h#f",
        "http://h:99999",
        "http://[::1",
        "gopher://h",
        "",
        "http://a b",
    ],
)
def test_anything_but_a_plain_address_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        normalise_url(url)
    assert caught.value.errors[0].path == "url"


def test_the_trailing_slash_goes_and_the_port_is_known() -> None:
    assert normalise_url(" https://h.example/gw/ ") == ("https://h.example/gw", "h.example", 443)
    assert normalise_url("http://h:8401") == ("http://h:8401", "h", 8401)
