"""Gateways that Nexdeck runs itself: child processes, started with the app and restarted when they die."""

import asyncio
import contextlib
import logging
import secrets
import shutil
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayKind, GatewayStatus
from nexdeck.services.errors import Conflict, NotFound, StorageFailed
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.local_process import LocalProcess
from nexdeck.services.gateways.rows import present_gateways
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rules.names import require_name

logger = logging.getLogger(__name__)
FIRST_NAME = "local"
SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 30.0  # seconds between two starts of a gateway that keeps dying
STEADY_SECONDS = 60.0  # a gateway that ran this long begins again with the shortest pause
NEARBY = 100  # ports
MOST = 16  # local gateways; each is a process of some 150 MB


class LocalGateways:
    """``start`` returns at once; ``stop`` waits until no process of ours is left."""

    def __init__(
        self,
        database: Database,
        secrets: SecretVault,
        gateways: GatewayDirectory,
        folder: Path,
        preferred_port: int,
        llm_allowed_hosts: str,
        otlp_endpoint: str = "",
        llm_prices: str = "",
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._gateways = gateways
        self._folder = folder
        self._preferred_port = preferred_port
        self._llm_allowed_hosts = llm_allowed_hosts
        self._otlp_endpoint = otlp_endpoint
        self._llm_prices = llm_prices
        self._supervisors: dict[str, asyncio.Task[None]] = {}
        self._one_change = asyncio.Lock()

    async def start(self) -> None:
        rows = await self._database.read(_local_gateways)
        rows = rows or [await self._gateways.save_new(await self._planned(FIRST_NAME, Actor.system()))]
        for gateway in rows:
            self._watch_over(gateway)

    async def stop(self) -> None:
        await self._let_go(*self._supervisors)

    async def create(self, name: str, *, actor: Actor) -> Gateway:
        """Another gateway process, with a port and a folder of its own; it is on its way up when this returns.

        Raises InvalidInput for the name, Conflict when it is taken or there are ``MOST`` already.
        """
        async with self.room_for(name, actor=actor) as gateway:
            await self._gateways.save_new(gateway)
        return gateway

    @asynccontextmanager
    async def room_for(self, name: str, *, actor: Actor) -> AsyncIterator[Gateway]:
        """A gateway that the block writes to the database; its process is on its way up after that.

        Raises as ``create`` does for the name and the number.
        """
        require_name(name)
        async with self._one_change:
            if len(self._supervisors) >= MOST:
                raise Conflict(f"There are {MOST} local gateways already; remove one first.", code="too_many_gateways")
            gateway = await self._planned(name, actor)
            yield gateway
            self._watch_over(gateway)
        self._gateways.announce(gateway.id)

    async def restart(self, gateway_name: str, *, actor: Actor) -> Gateway:
        """End the process, after its last calls, and start it again with what it had."""
        async with self._one_change:
            gateway = await self._ours(gateway_name, actor)
            logger.info("%s restarts the gateway %s", actor.name, gateway.name)
            await self._let_go(gateway.id)
            self._watch_over(gateway)
        return gateway

    async def remove(self, gateway_name: str, *, actor: Actor) -> None:
        """End the process and delete its folder. Raises Conflict while deployments are on it, and for the first one."""
        async with self._one_change:
            gateway = await self._ours(gateway_name, actor)
            if gateway.name == FIRST_NAME:
                raise Conflict(f"{FIRST_NAME} is where deployments go unless they say otherwise; it stays.")
            await self._gateways.require_unused(gateway)
            logger.info("%s removes the gateway %s", actor.name, gateway.name)
            await self._let_go(gateway.id)
            try:
                await self._gateways.forget(gateway)
            except Conflict:  # somebody deployed to it meanwhile
                self._watch_over(gateway)
                raise
            await asyncio.to_thread(shutil.rmtree, self._folder / gateway.name, ignore_errors=True)

    async def tidy(self) -> None:
        """Remove the gateways that were dedicated to a deployment that is gone. A crash before that is made up for."""
        for gateway in await self._database.read(_left_over):
            try:
                await self.remove(gateway.id, actor=Actor.system())
            except (NotFound, Conflict) as error:
                logger.warning("the dedicated gateway %s is left over: %s", gateway.name, error.message)

    async def log_tail(self, gateway_name: str, lines: int = 200, *, actor: Actor) -> list[str]:
        """The last lines that the process itself printed. Raises NotFound for a gateway that is not local."""
        return await asyncio.to_thread(_tail, self._process_of(await self._ours(gateway_name, actor)).log_file, lines)

    async def _ours(self, gateway_name: str, actor: Actor) -> Gateway:
        gateway = await self._gateways.get(gateway_name, actor=actor)
        if gateway.kind is not GatewayKind.LOCAL:
            raise NotFound(f"{gateway.name} runs elsewhere; its process and its log are there.")
        return gateway

    async def _planned(self, name: str, actor: Actor) -> Gateway:
        taken = {int(row.url.rsplit(":", 1)[1]) for row in await self._database.read(_local_gateways)}
        return Gateway(
            name=name,
            kind=GatewayKind.LOCAL,
            url=f"http://127.0.0.1:{_free_port(self._preferred_port, taken)}",
            encrypted_token=self._secrets.encrypt(secrets.token_urlsafe(32)),
            status=GatewayStatus.STARTING,
            created_by=actor.name,
        )

    def _watch_over(self, gateway: Gateway) -> None:
        task = asyncio.create_task(self._supervise(gateway), name=f"supervise {gateway.name}")
        self._supervisors[gateway.id] = task

    async def _let_go(self, *gateway_ids: str) -> None:
        """Returns when the processes are gone."""
        tasks = [self._supervisors.pop(gateway_id) for gateway_id in gateway_ids if gateway_id in self._supervisors]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for gateway_id in gateway_ids:
            self._gateways.startup_grace.end(gateway_id)

    async def _supervise(self, gateway: Gateway) -> None:
        """Keep one gateway process running until cancelled; then end it, gently at first."""
        pause, process = SHORTEST_PAUSE, self._process_of(gateway)
        loop = asyncio.get_running_loop()
        self._gateways.startup_grace.begin(gateway.id)  # once: that it died by itself excuses nothing
        while True:
            began = loop.time()
            try:
                ended = await process.run()
            except OSError as error:
                ended = f"it could not be started: {error.strerror}"
            if loop.time() - began > STEADY_SECONDS:
                pause = SHORTEST_PAUSE
            logger.warning("gateway %s ended (%s); starting it again in %.1f s", gateway.name, ended, pause)
            with contextlib.suppress(StorageFailed):  # noted at the next probe
                await self._gateways.look(gateway)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _process_of(self, gateway: Gateway) -> LocalProcess:
        options = (
            *(("--llm-allowed-hosts", self._llm_allowed_hosts) if self._llm_allowed_hosts else ()),
            *(("--llm-prices", self._llm_prices) if self._llm_prices else ()),
            *(("--otlp-endpoint", self._otlp_endpoint) if self._otlp_endpoint else ()),
        )
        token = self._secrets.decrypt(gateway.encrypted_token)
        return LocalProcess(self._gateways, gateway, self._folder / gateway.name, token, options)


def _local_gateways(session: Session) -> list[Gateway]:
    ours = select(Gateway).where(Gateway.kind == GatewayKind.LOCAL, Gateway.status != GatewayStatus.REMOVED)
    return list(session.exec(ours.order_by(Gateway.created_at)))


def _left_over(session: Session) -> list[Gateway]:
    is_there = select(Deployment.id).where(Deployment.undeployed_at.is_(None))
    dedicated = present_gateways().where(Gateway.dedicated_to.is_not(None), Gateway.kind == GatewayKind.LOCAL)
    return list(session.exec(dedicated.where(Gateway.dedicated_to.not_in(is_there))))


def _free_port(preferred: int, taken: set[int]) -> int:
    """The preferred port or one soon after it, else any; never one of a gateway of ours, though it may be down now."""
    nearby = (port for port in range(preferred, min(preferred + NEARBY, 65536)) if port not in taken)
    for port in (*nearby, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise OSError("no free port on 127.0.0.1")


def _tail(path: Path, lines: int) -> list[str]:
    try:
        with path.open(errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except FileNotFoundError:
        return []
