"""The process of one local gateway: started or taken over, watched from then on, and ended."""

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

import psutil

from nexdeck.models.base import now
from nexdeck.models.control import GatewayState
from nexdeck.models.gateway import Gateway
from nexdeck.services.errors import GatewayRefused, GatewayUnreachable, StorageFailed
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.platform.processes import end, end_pid, wait
from nexdeck.services.platform.programs import own_program, surviving_environment

logger = logging.getLogger(__name__)
LOG_LIMIT = 5 * 1024 * 1024  # bytes; a log larger than that at a start is set aside
LOOK_SECONDS = 2.0
HUNG_PROBES = 3  # probes in a row without an answer, each of 5 s at most
START_SECONDS = 60.0  # until the first answer
SECOND_LOOK_SECONDS = 2.0  # after which one that was left behind, and has perhaps only just begun, is asked again


class LocalProcess:
    """``folder`` is the gateway's own; its log, its token and its process id are there."""

    def __init__(
        self, gateways: GatewayDirectory, gateway: Gateway, folder: Path, token: str, options: tuple[str, ...]
    ) -> None:
        self._gateways = gateways
        self._gateway = gateway
        self._folder = folder
        self._token = token
        self._options = options
        self.log_file = folder / "process.log"
        self._pid_file = folder / "process.pid"

    async def run(self) -> str:
        """From the start of a process to its end, and why it ended; when cancelled, the process is ended first.

        Raises OSError when it cannot be started.
        """
        adopted = await self._state() or await self._left_hanging()
        process = None if adopted else await self._spawn()
        pid = adopted.pid if process is None else process.pid
        try:
            if process is None:
                return await self._watch(pid)
            watching = self._watch(pid)
            return await wait(process, watching)
        except asyncio.CancelledError:
            await (end_pid(pid) if process is None else end(process))
            raise

    async def _spawn(self) -> asyncio.subprocess.Process:
        self._folder.mkdir(parents=True, exist_ok=True)
        token_file = self._folder / "token"
        if not token_file.exists() or token_file.read_text() != self._token:
            # on a full disk it must not be written anew
            token_file.touch(mode=0o600)
            token_file.write_text(self._token)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_LIMIT:
            self.log_file.replace(self.log_file.with_suffix(".old"))
        with self.log_file.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(*own_program("gateway"), "--name", self._gateway.name, "--host", "127.0.0.1"),
                *("--port", self._gateway.url.rsplit(":", 1)[1], "--data-dir", str(self._folder)),
                *("--token-file", str(token_file), *self._options),
                env=surviving_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, after the last request
            )
        with contextlib.suppress(OSError):  # a full disk: then only one that hangs cannot be told from a orphan
            self._pid_file.write_text(str(process.pid))
        return process

    async def _watch(self, pid: int) -> str:
        """Until the process is gone. One that no longer answers though it is there is killed: it would stay so."""
        loop = asyncio.get_running_loop()
        began, is_ready, has_answered, missed = loop.time(), False, False, 0
        while missed < HUNG_PROBES and (has_answered or loop.time() - began < START_SECONDS):
            state = await (self._state() if is_ready else self._look())
            if state is not None:
                is_ready, has_answered, missed = is_ready or state.ready, True, 0
            elif not psutil.pid_exists(pid):
                return "it is gone"
            elif has_answered:
                missed += 1
            await asyncio.sleep(LOOK_SECONDS if is_ready and not missed else 0.1)
        return self._kill(pid, f"it did not answer {missed} times in a row" if missed else "it never answered")

    def _kill(self, pid: int, why: str) -> str:
        line = f"{now():%Y-%m-%d %H:%M:%S} Nexdeck killed this process (pid {pid}): {why}"
        logger.warning("gateway %s: %s; its process %d is killed", self._gateway.name, why, pid)
        with contextlib.suppress(OSError), self.log_file.open("a") as log:
            print(line, file=log)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return why

    async def _left_hanging(self) -> GatewayState | None:
        """A process that an earlier Nexdeck started and that does not answer keeps the port and the folder: it is
        killed, unless it answers after all."""
        try:
            pid = int(self._pid_file.read_text())
            is_ours = str(self._folder) in psutil.Process(pid).cmdline()
        except (OSError, ValueError, psutil.Error):
            return None
        if not is_ours:
            return None
        await asyncio.sleep(SECOND_LOOK_SECONDS)
        if state := await self._state():
            return state
        self._kill(pid, "it was left behind and did not answer")
        return None

    async def _look(self) -> GatewayState | None:
        """A look that is not written down, because the database cannot be used, must not end the watch."""
        try:
            return (await self._gateways.look(self._gateway)).state
        except StorageFailed as error:
            logger.warning("a look at %s is not noted: %s", self._gateway.name, error.message)
            return await self._state()

    async def _state(self) -> GatewayState | None:
        with contextlib.suppress(GatewayUnreachable, GatewayRefused):
            return await self._gateways.client(self._gateway).state()
        return None
