"""Reads from gateways. They go through aiohttp: a probe of a thousand gateways takes a quarter of httpx's time for it.

As with ``services.gateways.transport``, a connection is made only to an address that was checked, at the time when it
is made. Every failure is one of httpx's, so that a gateway is read about in the same words however it was reached.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from nexdeck.models.trust import Trust, refusal_in
from nexdeck.services.errors import OutcomeUnknown
from nexdeck.services.gateways.transport import allowed_addresses_of, is_address, unknown_host, untrusted
from nexdeck.services.rules.addresses import Network

ANSWER_LIMIT = 16 * 1024 * 1024  # bytes; a gateway that answers without end must not fill our memory
KEEP_IDLE_SECONDS = 60.0  # longer than between two probes, shorter than a gateway keeps its side


class ProbeAnswer(NamedTuple):
    status: int
    content: bytes


class ProbeClient:
    """A pool of connections to one gateway, for GET only: what breaks off may be asked again."""

    def __init__(self, trust: Trust, context: ssl.SSLContext, allowed: list[Network]) -> None:
        self._trust = trust
        self._allowed = allowed
        self._checked: str | None = None
        self._last = "", URL()
        resolver = _AllowedAddresses(allowed)
        connector = aiohttp.TCPConnector(
            ssl=context, resolver=resolver, use_dns_cache=False, keepalive_timeout=KEEP_IDLE_SECONDS
        )
        self._http = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def get(self, url: str, headers: Mapping[str, str], limits: httpx.Timeout) -> ProbeAnswer:
        """``limits.read`` is for the whole answer. Raises httpx.TransportError; OutcomeUnknown for one too long."""
        if url != self._last[0]:  # an idle gateway is asked the same again and again
            self._last = url, URL(url, encoded=True)
        at = self._last[1]
        await self._require_allowed(at)
        timeout = aiohttp.ClientTimeout(sock_connect=limits.connect)
        try:
            async with (
                asyncio.timeout(limits.read),
                self._http.get(at, headers=headers, timeout=timeout, allow_redirects=False) as answer,
            ):
                content = bytearray()
                async for chunk in answer.content.iter_any():
                    content += chunk
                    if len(content) > ANSWER_LIMIT:
                        raise OutcomeUnknown(f"{url} answered with more than {ANSWER_LIMIT >> 20} MB.")
                return ProbeAnswer(answer.status, bytes(content))
        except aiohttp.ClientConnectorError as error:
            raise await self._not_connected(error, at) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _in_httpx(error) from error

    async def close(self) -> None:
        await self._http.close()

    async def _require_allowed(self, at: URL) -> None:
        """An address needs no resolver, so it is checked here, once."""
        host = at.host or ""
        if host != self._checked and is_address(host):
            await allowed_addresses_of(host, at.port or 0, self._allowed)
            self._checked = host

    async def _not_connected(self, error: aiohttp.ClientConnectorError, at: URL) -> httpx.TransportError:
        host, port = at.host or "", at.port or 0
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return unknown_host(host)
        if refusal := refusal_in(error.__cause__):
            try:
                addresses = await allowed_addresses_of(host, port, self._allowed)
            except OSError:  # it was known a moment ago
                return unknown_host(host)
            return await untrusted(refusal, addresses[0], port, host, self._trust)
        number = error.os_error.errno
        return httpx.ConnectError(os.strerror(number) if number else str(error.os_error))


class _AllowedAddresses(AbstractResolver):
    """A name that points elsewhere from one moment to the next (DNS rebinding) leads nowhere."""

    def __init__(self, allowed: list[Network]) -> None:
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await allowed_addresses_of(host, port, self._allowed)
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
