"""Gateways that Nexdeck runs itself: child processes, started with the app and restarted when they die."""

import asyncio
import contextlib
import logging
import secrets
import shutil
import socket
import sys
from collections import deque
from pathlib import Path

from sqlmodel import Session, select

from models.gateway import Gateway, GatewayKind, GatewayStatus
from models.wire import GatewayState
from services.database import Database
from services.errors import Conflict, GatewayRefused, GatewayUnreachable, NotFound, StorageFailed
from services.gateways import GatewayDirectory
from services.processes import end, end_pid, wait
from services.rules.names import require_name
from services.secrets import SecretVault

logger = logging.getLogger(__name__)
FIRST_NAME = "local"
SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 30.0  # seconds between two starts of a gateway that keeps dying
STEADY_SECONDS = 60.0  # a gateway that ran this long begins again with the shortest pause
NEARBY = 100  # ports
MOST = 16  # local gateways; each is a process of some 150 MB
LOG_LIMIT = 5 * 1024 * 1024  # bytes; a log larger than that at a start is set aside


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
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._gateways = gateways
        self._folder = folder
        self._preferred_port = preferred_port
        self._llm_allowed_hosts = llm_allowed_hosts
        self._otlp_endpoint = otlp_endpoint
        self._supervisors: dict[str, asyncio.Task[None]] = {}
        self._one_change = asyncio.Lock()

    async def start(self) -> None:
        rows = await self._database.read(_local_gateways) or [await self._add(FIRST_NAME, "nexdeck")]
        for gateway in rows:
            self._watch_over(gateway)

    async def stop(self) -> None:
        await self._let_go(*self._supervisors)

    async def create(self, name: str, *, by: str) -> Gateway:
        """Another gateway process, with a port and a folder of its own; it is on its way up when this returns.

        Raises InvalidInput for the name, Conflict when it is taken or there are ``MOST`` already.
        """
        require_name(name)
        async with self._one_change:
            if len(self._supervisors) >= MOST:
                raise Conflict(f"There are {MOST} local gateways already; remove one first.", code="too_many_gateways")
            gateway = await self._add(name, by)
            self._watch_over(gateway)
        return gateway

    async def restart(self, gateway_name: str, *, by: str) -> Gateway:
        """End the process, after its last calls, and start it again with what it had."""
        async with self._one_change:
            gateway = await self._ours(gateway_name)
            logger.info("%s restarts the gateway %s", by, gateway.name)
            await self._let_go(gateway.id)
            self._watch_over(gateway)
        return gateway

    async def remove(self, gateway_name: str, *, by: str) -> None:
        """End the process and delete its folder. Raises Conflict while deployments are on it, and for the first one."""
        async with self._one_change:
            gateway = await self._ours(gateway_name)
            if gateway.name == FIRST_NAME:
                raise Conflict(f"{FIRST_NAME} is where deployments go unless they say otherwise; it stays.")
            await self._gateways.require_unused(gateway)
            logger.info("%s removes the gateway %s", by, gateway.name)
            await self._let_go(gateway.id)
            try:
                await self._gateways.forget(gateway)
            except Conflict:  # somebody deployed to it meanwhile
                self._watch_over(gateway)
                raise
            await asyncio.to_thread(shutil.rmtree, self._folder / gateway.name, ignore_errors=True)

    async def log_tail(self, gateway_name: str, lines: int = 200) -> list[str]:
        """The last lines that the process itself printed. Raises NotFound for a gateway that is not local."""
        return await asyncio.to_thread(_tail, self._log_file(await self._ours(gateway_name)), lines)

    async def _ours(self, gateway_name: str) -> Gateway:
        gateway = await self._gateways.get(gateway_name)
        if gateway.kind is not GatewayKind.LOCAL:
            raise NotFound(f"{gateway.name} runs elsewhere; its process and its log are there.")
        return gateway

    async def _add(self, name: str, by: str) -> Gateway:
        taken = {int(row.url.rsplit(":", 1)[1]) for row in await self._database.read(_local_gateways)}
        gateway = Gateway(
            name=name,
            kind=GatewayKind.LOCAL,
            url=f"http://127.0.0.1:{_free_port(self._preferred_port, taken)}",
            encrypted_token=self._secrets.encrypt(secrets.token_urlsafe(32)),
            created_by=by,
        )
        return await self._gateways.save_new(gateway)

    def _watch_over(self, gateway: Gateway) -> None:
        task = asyncio.create_task(self._supervise(gateway), name=f"supervise {gateway.name}")
        self._supervisors[gateway.id] = task

    async def _let_go(self, *gateway_ids: str) -> None:
        """Returns when the processes are gone."""
        tasks = [self._supervisors.pop(gateway_id) for gateway_id in gateway_ids if gateway_id in self._supervisors]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _supervise(self, gateway: Gateway) -> None:
        """Keep one gateway process running until cancelled; then end it, gently at first."""
        pause = SHORTEST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                ended = await self._run(gateway)
            except OSError as error:
                ended = f"it could not be started: {error.strerror}"
            if loop.time() - began > STEADY_SECONDS:
                pause = SHORTEST_PAUSE
            logger.warning("gateway %s ended (%s); starting it again in %.1f s", gateway.name, ended, pause)
            await self._look(gateway)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run(self, gateway: Gateway) -> str:
        """From the start of a process to its end. Raises OSError when it cannot be started."""
        adopted = await self._left_running(gateway)
        process = None if adopted else await self._spawn(gateway)
        try:
            watch = self._watch_until_ready(gateway)
            return await (self._wait_for_adopted(gateway) if process is None else wait(process, watch))
        except asyncio.CancelledError:
            await (end_pid(adopted.pid) if process is None else end(process))
            raise

    async def _spawn(self, gateway: Gateway) -> asyncio.subprocess.Process:
        folder = self._folder / gateway.name
        folder.mkdir(parents=True, exist_ok=True)
        token_file = folder / "token"
        token = self._secrets.decrypt(gateway.encrypted_token)
        if not token_file.exists() or token_file.read_text() != token:  # on a full disk it must not be written anew
            token_file.touch(mode=0o600)
            token_file.write_text(token)
        log_file = self._log_file(gateway)
        if log_file.exists() and log_file.stat().st_size > LOG_LIMIT:
            log_file.replace(log_file.with_suffix(".old"))
        with log_file.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app.gateway", "--name", gateway.name, "--host", "127.0.0.1"),
                *("--port", gateway.url.rsplit(":", 1)[1], "--data-dir", str(folder), "--token-file", str(token_file)),
                *(("--llm-allowed-hosts", self._llm_allowed_hosts) if self._llm_allowed_hosts else ()),
                *(("--otlp-endpoint", self._otlp_endpoint) if self._otlp_endpoint else ()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, after the last request
            )

    async def _left_running(self, gateway: Gateway) -> GatewayState | None:
        """A process of ours that outlived a crash of the control plane: it is taken over rather than started again."""
        with contextlib.suppress(GatewayUnreachable, GatewayRefused):
            return await self._gateways.client(gateway).state()
        return None

    async def _watch_until_ready(self, gateway: Gateway) -> None:
        while True:
            state = await self._look(gateway)
            if state is not None and state.ready:
                return
            await asyncio.sleep(0.1)

    async def _wait_for_adopted(self, gateway: Gateway) -> str:
        while True:
            await asyncio.sleep(2.0)
            if await self._look(gateway) is None:
                return "it no longer answers"

    async def _look(self, gateway: Gateway) -> GatewayState | None:
        """A look that is not written down, because the database cannot be used, must not end the watch."""
        try:
            return (await self._gateways.look(gateway)).state
        except StorageFailed as error:
            logger.warning("a look at %s is not noted: %s", gateway.name, error.message)
            return await self._left_running(gateway)

    def _log_file(self, gateway: Gateway) -> Path:
        return self._folder / gateway.name / "process.log"


def _local_gateways(session: Session) -> list[Gateway]:
    ours = select(Gateway).where(Gateway.kind == GatewayKind.LOCAL, Gateway.status != GatewayStatus.REMOVED)
    return list(session.exec(ours.order_by(Gateway.created_at)))


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
