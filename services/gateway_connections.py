"""The HTTP connections to all gateways, pooled for each of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache

import httpx

from models.trust import Trust
from services.gateway_client import CONTROL_TIMEOUT, GatewayClient
from services.gateway_transport import GatewayTransport
from services.rules.addresses import Network

Around = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
# reading the system's authorities takes some 20 ms
context_of = lru_cache(maxsize=256)(Trust.context)


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
        self._pools: dict[tuple[str, Trust], httpx.AsyncClient] = {}

    def to(self, url: str, token: str, trust: Trust | None = None) -> GatewayClient:
        """``token`` is the gateway's own for its control routes, a caller's key for calls, or empty."""
        trust = trust or Trust()
        pool = self._pools.get((url, trust)) or self._pools.setdefault((url, trust), self._new_pool(trust))
        return GatewayClient(pool, url, token, self.installation)

    @asynccontextmanager
    async def once(self, url: str, token: str, trust: Trust) -> AsyncIterator[GatewayClient]:
        """For an address that is only tried: its connections are not kept."""
        async with self._new_pool(trust) as pool:
            yield GatewayClient(pool, url, token, self.installation)

    async def forget(self, url: str) -> None:
        """Close the connections to an address, however it was trusted."""
        for place in [place for place in self._pools if place[0] == url]:
            await self._pools.pop(place).aclose()

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _new_pool(self, trust: Trust) -> httpx.AsyncClient:
        transport = GatewayTransport(trust, context_of(trust), self._allowed_networks)
        around = self._around(transport) if self._around else transport
        return httpx.AsyncClient(timeout=CONTROL_TIMEOUT, trust_env=False, transport=around)
