"""The HTTP connections to all gateways, pooled for each of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

import httpx

from nexdeck.models.trust import Trust
from nexdeck.services.gateways.client import CONTROL_TIMEOUT, GatewayClient
from nexdeck.services.gateways.probe_client import ProbeClient
from nexdeck.services.gateways.transport import GatewayTransport
from nexdeck.services.rules.addresses import Network

Around = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
# reading the system's authorities takes some 20 ms
context_of = lru_cache(maxsize=256)(Trust.context)


@dataclass(frozen=True)
class _Pool:
    """What reads from a gateway, and what changes it and calls the agents on it."""

    looks: ProbeClient
    http: httpx.AsyncClient

    async def close(self) -> None:
        await self.looks.close()
        await self.http.aclose()


class GatewayConnections:
    """A pool belongs to one address and one way to trust it: a connection that was verified for one gateway is never
    used for another. Redirects are never followed and proxies never used."""

    def __init__(
        self, installation: str = "", allowed_networks: list[Network] | None = None, around: Around | None = None
    ) -> None:
        """``installation`` tells gateways who we are, so that two Nexdecks on one of them are noticed."""
        self._around = around
        self.installation = installation
        self._allowed_networks = allowed_networks or []
        self._pools: dict[tuple[str, Trust], _Pool] = {}

    def to(self, url: str, token: str, trust: Trust | None = None) -> GatewayClient:
        """``token`` is the gateway's own for its control routes, a caller's key for calls, or empty."""
        trust = trust or Trust()
        pool = self._pools.get((url, trust))
        if pool is None:
            pool = self._pools[url, trust] = self._new_pool(trust)
        return self._client(pool, url, token)

    @asynccontextmanager
    async def once(self, url: str, token: str, trust: Trust) -> AsyncIterator[GatewayClient]:
        """For an address that is only tried: its connections are not kept."""
        pool = self._new_pool(trust)
        try:
            yield self._client(pool, url, token)
        finally:
            await pool.close()

    async def forget(self, url: str) -> None:
        """Close the connections to an address, however it was trusted."""
        for place in [place for place in self._pools if place[0] == url]:
            await self._pools.pop(place).close()

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()

    def _client(self, pool: _Pool, url: str, token: str) -> GatewayClient:
        return GatewayClient(pool.http, pool.looks, url, token, self.installation)

    def _new_pool(self, trust: Trust) -> _Pool:
        context = context_of(trust)
        transport = GatewayTransport(trust, context, self._allowed_networks)
        around = self._around(transport) if self._around else transport
        http = httpx.AsyncClient(timeout=CONTROL_TIMEOUT, trust_env=False, transport=around)
        return _Pool(ProbeClient(trust, context, self._allowed_networks), http)
