"""Reads from gateways. They go through aiohttp: a look at a thousand gateways takes a quarter of httpx's time for it.

As with ``services.gateway_transport``, a connection is made only to an address that was checked, at the time when it
is made. Every failure is one of httpx's, so that a gateway is read about in the same words however it was reached.
"""

import os
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from models.trust import Trust, refusal_in, what_is_wrong
from services.errors import InvalidInput, OutcomeUnknown
from services.gateway_transport import ConnectionForbidden, addresses_of, certificate_shown, is_address
from services.rules.addresses import Network, require_allowed

ANSWER_LIMIT = 16 * 1024 * 1024  # bytes; a gateway that answers without end must not fill our memory
KEEP_IDLE_SECONDS = 60.0  # longer than between two looks, shorter than a gateway keeps its side


class Answer(NamedTuple):
    status: int
    content: bytes


class GatewayLooks:
    """A pool of connections to one gateway, for GET only: what breaks off may be asked again."""

    def __init__(self, trust: Trust, context: ssl.SSLContext, allowed: list[Network]) -> None:
        self._trust = trust
        self._allowed = allowed
        self._checked: str | None = None
        self._addresses = _AllowedAddresses(allowed)
        connector = aiohttp.TCPConnector(
            ssl=context, resolver=self._addresses, use_dns_cache=False, keepalive_timeout=KEEP_IDLE_SECONDS
        )
        self._http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def get(self, url: str, headers: Mapping[str, str], limits: httpx.Timeout) -> Answer:
        """Raises httpx.TransportError, and OutcomeUnknown for an answer that is too long."""
        at = URL(url, encoded=True)
        self._require_allowed(at)
        timeout = aiohttp.ClientTimeout(sock_connect=limits.connect, sock_read=limits.read)
        try:
            async with self._http.get(at, headers=headers, timeout=timeout, allow_redirects=False) as answer:
                content = bytearray()
                async for chunk in answer.content.iter_any():
                    content += chunk
                    if len(content) > ANSWER_LIMIT:
                        raise OutcomeUnknown(f"{url} answered with more than {ANSWER_LIMIT >> 20} MB.")
                return Answer(answer.status, bytes(content))
        except aiohttp.ClientConnectorError as error:
            raise await self._not_connected(error, at) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _in_httpx(error) from error

    async def close(self) -> None:
        await self._http.close()

    def _require_allowed(self, at: URL) -> None:
        """An address needs no resolver, so it is checked here, once."""
        host = at.host or ""
        if host == self._checked or not is_address(host):
            return
        try:
            require_allowed(host, self._allowed)
        except InvalidInput as error:
            raise ConnectionForbidden(error.message) from error
        self._checked = host

    async def _not_connected(self, error: aiohttp.ClientConnectorError, at: URL) -> httpx.TransportError:
        host = at.host or ""
        if refusal := refusal_in(error.__cause__):
            (where, *_) = await self._addresses.resolve(host, at.port or 443)
            shown = await certificate_shown(where["host"], where["port"], host)
            return ConnectionForbidden(what_is_wrong(refusal, host, self._trust, shown))
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return httpx.ConnectError(f"the host {host} is not known here")
        number = error.os_error.errno
        return httpx.ConnectError(os.strerror(number) if number else str(error.os_error))


class _AllowedAddresses(AbstractResolver):
    """A name that points elsewhere from one moment to the next (DNS rebinding) leads nowhere."""

    def __init__(self, allowed: list[Network]) -> None:
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await addresses_of(host, port)
        try:
            for address in addresses:
                require_allowed(address, self._allowed)
        except InvalidInput as error:
            raise ConnectionForbidden(error.message) from error
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        pass


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    numeric = {"proto": socket.IPPROTO_TCP, "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV}
    return ResolveResult(hostname=host, host=address, port=port, family=family, **numeric)


def _in_httpx(error: Exception) -> httpx.TransportError:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout("")
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout("")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ServerDisconnectedError):
        return httpx.RemoteProtocolError(str(error) or "it closed the connection without an answer")
    return httpx.ReadError(str(error) or "the connection broke off")
