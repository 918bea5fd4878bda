"""Where a gateway may be: never a cloud's metadata service, and private networks only where they are allowed."""

import ipaddress
from urllib.parse import urlsplit

from services.errors import Fault, InvalidInput

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(text: str) -> list[Network]:
    """Networks from a comma-separated setting, e.g. ``10.1.0.0/16, fd00::/8``. Raises InvalidInput."""
    try:
        return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise InvalidInput(f"NEXDECK_GATEWAY_ALLOWED_NETWORKS: {error}") from error


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
    """Raise InvalidInput unless a gateway may be at this IP address."""
    ip = ipaddress.ip_address(address.split("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback or any(ip in network for network in allowed):
        return
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        raise _bad(f"{ip} is not an address where a gateway can be")
    if not ip.is_global:
        raise _bad(f"{ip} is in a private network; allow it with NEXDECK_GATEWAY_ALLOWED_NETWORKS")


def _bad(message: str) -> InvalidInput:
    return InvalidInput(f"The gateway's address is not valid: {message}.", errors=[Fault("url", message)])
