"""A control plane that probes a gateway by a clock of the test's own, over a network that can be cut."""

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.base import now
from nexdeck.models.choices import Channel
from nexdeck.models.deployment import HealthState
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.errors import StudioError
from nexdeck.services.health.incidents import IncidentDetail, IncidentQuery
from nexdeck.services.health.views import HealthView
from nexdeck.services.metrics import writer as metric_writer
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.gateway_process import GatewayProcess

INTERVAL = timedelta(seconds=15)
AGENT = '''"""Does as it is told."""

import asyncio
import contextlib
from pathlib import Path

__version__ = "1.0.0"
SAMPLE = {}


async def agent(fail: bool = False, ms: int = 0, fail_if_there: str = "") -> dict:
    """Fail, or take a while."""
    await asyncio.sleep(ms / 1000)
    if fail or (fail_if_there and Path(fail_if_there).exists()):
        raise ValueError("as told")
    return {"done": True}
'''


class Relay:
    """The network between Nexdeck and the gateway: a TCP relay that can be cut and mended."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task] = set()
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(task := asyncio.current_task())
        task.add_done_callback(self._tasks.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


class Watch:
    """A control plane that probes one gateway through a relay, by a clock of the test's own."""

    def __init__(self, folder: Path, gateway: GatewayProcess, relay: Relay) -> None:
        self.gateway, self.relay = gateway, relay
        self._folder = folder
        self.at = now()
        self.studio = self._build()

    def _build(self) -> Studio:
        return build_studio(Settings(data_dir=self._folder, sweep_seconds=INTERVAL.total_seconds()))

    async def restart(self) -> None:
        """The control plane, not the gateway."""
        await self.studio.stop()
        self.studio = self._build()

    async def deploy(self, name: str, **options) -> str:
        chosen = DeploymentOptions(channels=[Channel.API], **options)
        row = await self.studio.deployments.deploy_agent("agent", None, "far", name=name, options=chosen)
        assert row.status == "running", row.error_message
        return row.id

    async def look(self):
        """And take what was counted, at the time of the test's clock."""
        gateway = await self.studio.gateways.get("far", actor=ACTOR)
        with contextlib.suppress(StudioError), pytest.MonkeyPatch.context() as patch:
            patch.setattr(metric_writer, "now", lambda: self.at)
            await self.studio.metrics.collect(gateway)
        return await self.studio.gateways.look(gateway)

    async def sweep(self, times: int = 1) -> None:
        for _ in range(times):
            look = await self.look()
            self.at += INTERVAL
            await self.studio.health.record(look._replace(at=self.at))

    async def wait(self, **length: float) -> None:
        """Nobody calls for a while, and nothing is looked at."""
        self.at += timedelta(**length)

    async def until(self, deployment_id: str, state: HealthState, most: int = 10) -> int:
        """How many sweeps it takes until the deployment is in that state."""
        for sweeps in range(1, most + 1):
            await self.sweep()
            if (await self.view(deployment_id)).row.state is state:
                return sweeps
        seen = (await self.view(deployment_id)).row
        raise AssertionError(f"not {state} after {most} sweeps: {seen.state}, {seen.reason}")

    async def view(self, subject_id: str) -> HealthView:
        return await self.studio.health_views.of_subject(subject_id, actor=ACTOR)

    async def incidents(self) -> list[IncidentDetail]:
        found = await self.studio.incidents.list(IncidentQuery(limit=100), actor=ACTOR)
        return [await self.studio.incidents.get(summary.incident.id, actor=ACTOR) for summary in found.items]

    async def call(self, name: str, times: int, *, failing: int = 0, ms: int = 0) -> None:
        async with httpx.AsyncClient(base_url=self.gateway.url, trust_env=False, timeout=30) as http:
            for number in range(times):
                inputs = {"fail": number < failing, "ms": ms}
                answer = await http.post(f"/workflows/{name}/execute", json={"inputs": inputs})
                assert answer.status_code == (500 if number < failing else 200), answer.text
