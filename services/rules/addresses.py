"""Where gateways and targets of notices may be: never a cloud's metadata service, and private networks only where
they are allowed."""

import ipaddress
from urllib.parse import urlsplit

from nexdeck.services.errors import Fault, InvalidInput

# Of cloud metadata services: what answers there hands out credentials. They are refused even where allowed by network.
METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def parse_networks(text: str, setting: str = "NEXDECK_GATEWAY_ALLOWED_NETWORKS") -> list[Network]:
    """Networks from a comma-separated setting, e.g. ``10.1.0.0/16, fd00::/8``. Raises InvalidInput, with its name."""
    try:
        return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise InvalidInput(f"{setting}: {error}") from error


def normalise_url(url: str) -> tuple[str, str, int]:
    """``(url without trailing slash, host, port)``. Raises InvalidInput for anything but a plain http(s) address."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise _bad(f"it cannot be read ({error})") from error
    if parts.scheme not in ("http", "https"):
        raise _bad("begin it with http:// or https://")
    if not host:
        raise _bad("it names no host")
    if parts.username or parts.password:
        raise _bad("leave out user and password; the token has a field of its own")
    if parts.query or parts.fragment or any(ord(c) <= 32 for c in url.strip()):
        raise _bad("leave out spaces, ? and #")
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"), host, port


def require_allowed(address: str, allowed: list[Network]) -> None:
    """Raise InvalidInput unless a gateway may be at this IP address: loopback is allowed, as its neighbour is."""
    ip = _meant(address)
    if ip.is_loopback or (kind := why_refused(address, allowed)) is None:
        return
    if kind == PRIVATE:
        raise _bad(f"{ip} is {kind}; allow it with NEXDECK_GATEWAY_ALLOWED_NETWORKS")
    raise _bad(f"{ip} is {kind}, where no gateway can be")


PRIVATE = "in a private network"


def why_refused(address: str, allowed: list[Network]) -> str | None:
    """What kind of address it is that nothing of ours connects to unasked: ``PRIVATE``, which a setting can allow, or
    others; None when it is public or allowed."""
    ip = _meant(address)
    if ip in METADATA:
        return "a cloud's metadata service"
    if any(ip in network for network in allowed):
        return None
    if not ip.is_loopback and (ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved):
        return "an address for special purposes"
    return None if ip.is_global else PRIVATE


def _meant(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that packets end up at, where an IPv6 address only wraps one."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def is_loopback(address: str) -> bool:
    return _meant(address).is_loopback


def _bad(message: str) -> InvalidInput:
    return InvalidInput(f"The gateway's address is not valid: {message}.", errors=[Fault("url", message)])
