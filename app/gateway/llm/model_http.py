"""One pooled HTTP client for all calls of models, which connects to no private address that is not listed.

aiohttp does the transport: httpx's own pool slows down quadratically with many kept connections.
"""

import ipaddress
import socket

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport
from kaizen.llm.http_client import LlmHttpClient, SafeDnsResolver, _classify_or_raise

from nexdeck.app.gateway.llm.egress import AllowedHosts

CONNECT_SECONDS = 10.0
KEPT_SECONDS = 60.0  # that an idle connection stays open


class PooledHttpClient(LlmHttpClient):
    """Kaizen's client on top of the pool. How long an answer may take is the deployment's limit, not the client's."""

    __slots__ = ()

    def __init__(self, allowed: AllowedHosts) -> None:
        self._resolver = SafeDnsResolver()
        self._client = httpx.AsyncClient(
            transport=_CheckedTransport(allowed), timeout=httpx.Timeout(None, connect=CONNECT_SECONDS), trust_env=False
        )
        self._closed = False
        self._deployment_preset = "nexdeck"


class _CheckedTransport(AiohttpTransport):
    def __init__(self, allowed: AllowedHosts) -> None:
        super().__init__(client=self._session)
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            address = ipaddress.ip_address(request.url.host)
        except ValueError:
            pass  # a name: checked when it is looked up
        else:
            if not self._allowed.allows_url(str(request.url)):
                _classify_or_raise(address, request.url.host)
        return await super().handle_async_request(request)

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEPT_SECONDS, resolver=_CheckedResolver(self._allowed)
        )
        # no cookies: one provider's answer to one agent must not colour the calls of another
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


class _CheckedResolver(AbstractResolver):
    """Looks names up in a thread and checks the very addresses that are then connected to."""

    def __init__(self, allowed: AllowedHosts) -> None:
        self._allowed = allowed
        self._names = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not self._allowed.allows(host, port):
            for result in found:
                _classify_or_raise(ipaddress.ip_address(result["host"]), host)
        return found

    async def close(self) -> None:
        await self._names.close()
