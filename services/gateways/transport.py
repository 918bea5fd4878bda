"""How a connection to a gateway is made: only to an address that is allowed, and only to whom its certificate names.

The host's addresses are looked up and checked for every request, and the connection goes to the very address that was
checked: a name that points elsewhere from one moment to the next (DNS rebinding) leads nowhere.
"""

import asyncio
import ipaddress
import socket
import ssl

import httpx

from nexdeck.models.trust import Trust, refusal_in, what_is_wrong
from nexdeck.services.errors import InvalidInput
from nexdeck.services.rules.addresses import Network, require_allowed

LOOK_SECONDS = 3.0


class ConnectionForbidden(httpx.TransportError):
    """Nothing was sent: the address is not one where a gateway may be, or its certificate is not to be trusted."""


class GatewayTransport(httpx.AsyncHTTPTransport):
    def __init__(self, trust: Trust, context: ssl.SSLContext, allowed: list[Network]) -> None:
        super().__init__(verify=context, trust_env=False)
        self._trust = trust
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.raw_host.decode(), port_of(request.url)
        try:
            addresses = await allowed_addresses_of(host, port, self._allowed)
        except OSError as error:
            raise unknown_host(host) from error
        for address in addresses[:-1]:
            try:
                return await self._send_to(address, request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent
        return await self._send_to(addresses[-1], request)

    async def _send_to(self, address: str, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode()
        there = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,  # the Host header keeps the name
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},  # the certificate is compared with the name
        )
        try:
            return await super().handle_async_request(there)
        except httpx.ConnectError as error:
            refusal = refusal_in(error)
            if refusal is None:
                raise
            raise await untrusted(refusal, address, port_of(request.url), host, self._trust) from error


def port_of(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


async def allowed_addresses_of(host: str, port: int, allowed: list[Network]) -> list[str]:
    """As ``addresses_of``; raises ConnectionForbidden where a gateway may not be at one of them."""
    addresses = await addresses_of(host, port)
    try:
        for address in addresses:
            require_allowed(address, allowed)
    except InvalidInput as error:
        raise ConnectionForbidden(error.message) from error
    return addresses


def unknown_host(host: str) -> httpx.ConnectError:
    return httpx.ConnectError(f"the host {host} is not known here")


async def untrusted(refusal: ssl.SSLError, address: str, port: int, host: str, trust: Trust) -> ConnectionForbidden:
    """Why the certificate that is shown at the address is not trusted, in words."""
    shown = await certificate_shown(address, port, host)
    return ConnectionForbidden(what_is_wrong(refusal, host, trust, shown))


async def addresses_of(host: str, port: int) -> list[str]:
    """All IP addresses of a host, each once, the preferred first. Raises OSError for an unknown one."""
    if is_address(host):
        return [host]  # nothing to look up, which would take a thread for every request
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host") from error
    return list(dict.fromkeys(address[0] for *_, address in found))


def is_address(host: str) -> bool:
    """Whether it is an IP address in its usual spelling."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return False


async def certificate_shown(address: str, port: int, host: str) -> bytes | None:
    """The certificate in DER that a server shows, unverified: to be compared. Nothing is sent but the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
            try:
                return writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError):
        return None
