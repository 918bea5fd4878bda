"""Many gateways in one process, each at a loopback address of its own: its state as a real one tells it to a
probe, with what changed. ``python -m benchmarks.servers.canned_gateways PORT GATEWAYS DEPLOYMENTS CALLS``.

Of gateway N the deployments are named dep-N-0 and so on; each probe finds so many more calls of each.
"""

import asyncio
import random
import sys
from datetime import UTC, datetime

from aiohttp import web

from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.telemetry.meter import ChannelCount
from nexdeck.models.choices import Channel
from nexdeck.models.control import CONTROL_PREFIX, DeploymentState, LiveOptions, RevisionState
from nexdeck.models.counters import RevisionCounters
from nexdeck.models.manifest import Limits
from nexdeck.models.telemetry import CounterBatch, GatewayReport

FIRST_CALLS = 400  # of each deployment, before the first probe


def address(number: int) -> str:
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


class Canned:
    """Latencies are drawn from one distribution for all of its deployments."""

    def __init__(self, number: int, deployments: int, calls: int) -> None:
        self._calls = calls
        self._names = [f"dep-{number}-{n}" for n in range(deployments)]
        self._draw = random.Random(number)
        self._counted = ChannelCount()
        self._call(FIRST_CALLS)

    def _call(self, calls: int) -> None:
        """Each of the deployments, so often."""
        for position in range(self._counted.requests + 1, self._counted.requests + 1 + calls):
            self._counted.add(200, None, self._draw.lognormvariate(6.0, 0.5), Tokens(), position)

    async def state(self, request: web.Request) -> web.Response:
        after = int(request.query["after"])
        live = RevisionState(revision=1, sha256="ab")
        options = LiveOptions(channels=list(Channel), limits=Limits(), require_key=False)
        changed = self._names if request.query["seen"] == "0" else []
        report = GatewayReport(
            version="1",
            boot_id="b",
            pid=1,
            started_at=datetime.now(UTC),
            ready=True,
            deployments=[DeploymentState(deployment_id=n, name=n, live=live, options=options) for n in changed],
            counted=self._batch(after),
            number=1,
            held=self._names,
        )
        return web.Response(text=report.model_dump_json(), content_type="application/json")

    def _batch(self, after: int) -> CounterBatch:
        self._call(self._calls)
        channels = [self._counted.since(Channel.API, after)]
        called = self._names if self._counted.requests > after else []
        revisions = [
            RevisionCounters(deployment_id=name, revision=1, in_flight=0, channels=channels) for name in called
        ]
        return CounterBatch(boot_id="b", position=self._counted.requests, revisions=revisions)


async def _serve(port: int, gateways: int, deployments: int, calls: int) -> None:
    for number in range(gateways):
        canned, app = Canned(number, deployments, calls), web.Application()
        app.router.add_get(f"{CONTROL_PREFIX}/state", canned.state)
        app.router.add_get("/livez", lambda _: web.Response(text="ok"))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address(number), port).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*map(int, sys.argv[1:5])))
