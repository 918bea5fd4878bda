"""Many gateways in one process, each at a loopback address of its own: ``state`` and ``counters`` as a real one tells
them, made up once. ``python -m benchmarks.servers.canned_gateways PORT GATEWAYS DEPLOYMENTS``.

Of gateway N the deployments are named dep-N-0 and so on; each look finds ten more calls of each.
"""

import asyncio
import random
import sys
from datetime import UTC, datetime

from aiohttp import web

from models.batches import CounterBatch
from models.histogram import key_of
from models.wire import (
    CONTROL_PREFIX,
    Channel,
    ChannelCounters,
    DeploymentState,
    GatewayState,
    RevisionCounters,
    RevisionState,
)


def address(number: int) -> str:
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


class Canned:
    def __init__(self, number: int, deployments: int) -> None:
        self._names = [f"dep-{number}-{n}" for n in range(deployments)]
        draw = random.Random(number)
        buckets: dict[int, int] = {}
        for _ in range(400):
            key = key_of(draw.lognormvariate(6.0, 0.5))
            buckets[key] = buckets.get(key, 0) + 1
        self._channel = ChannelCounters(
            channel=Channel.API,
            requests=400,
            latency_ms_sum=2e5,
            latency_ms_min=90,
            latency_ms_max=2400,
            buckets=buckets,
        )
        self._position = 400

    def _counters(self, name: str) -> RevisionCounters:
        return RevisionCounters(deployment_id=name, revision=1, channels=[self._channel])

    async def state(self, _: web.Request) -> web.Response:
        live = RevisionState(revision=1, sha256="ab")
        held = [
            DeploymentState(deployment_id=name, name=name, live=live, revisions=[self._counters(name)])
            for name in self._names
        ]
        now = datetime.now(UTC)
        state = GatewayState(version="1", boot_id="b", pid=1, started_at=now, ready=True, deployments=held)
        return web.Response(text=state.model_dump_json(), content_type="application/json")

    async def counters(self, _: web.Request) -> web.Response:
        self._channel.requests += 10
        self._position += 10
        for key in list(self._channel.buckets)[:10]:
            self._channel.buckets[key] += 1
        revisions = [self._counters(name) for name in self._names]
        batch = CounterBatch(boot_id="b", position=self._position, revisions=revisions)
        return web.Response(text=batch.model_dump_json(), content_type="application/json")


async def _serve(port: int, gateways: int, deployments: int) -> None:
    for number in range(gateways):
        canned, app = Canned(number, deployments), web.Application()
        app.router.add_get(f"{CONTROL_PREFIX}/state", canned.state)
        app.router.add_get(f"{CONTROL_PREFIX}/counters", canned.counters)
        app.router.add_get("/livez", lambda _: web.Response(text="ok"))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address(number), port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*map(int, sys.argv[1:4])))
