"""The program behind ``nexdeck serve``: one process to a port and a data folder, from its start to its orderly end.

The gateway comes up in a process of its own while this one still imports the pages: that is why ``app.web`` is not
imported before it has been started.
"""

import asyncio
import errno
import importlib
import logging
import signal
import socket
import sys

import portalocker
import uvicorn

from nexdeck.app import garbage
from nexdeck.app.build import build_studio
from nexdeck.app.settings import LOOPBACK, Settings
from nexdeck.services.errors import StorageFailed
from nexdeck.services.studio import Studio

USAGE, IN_USE = 2, 4  # exit codes, as ``nexdeck --help`` lists them


def serve(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM. Returns the exit code; what prevents a start is said in one line on stderr."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "urllib3", "apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if settings.host not in LOOPBACK:
        return _refuse(
            f"NEXDECK_HOST={settings.host}: without a sign-in Nexdeck listens on loopback only. "
            "Use 127.0.0.1 and reach it from elsewhere through an SSH tunnel.",
            USAGE,
        )
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        return _refuse(f"NEXDECK_DATA_DIR={settings.data_dir} cannot be used: {error.strerror}.", USAGE)
    lock = portalocker.Lock(settings.data_dir / "nexdeck.lock", timeout=0)
    try:
        listener = _listen(settings)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _refuse(
            f"Port {settings.port} on {settings.host} is in use, perhaps by another Nexdeck. "
            "Stop that one, or choose another port: NEXDECK_PORT=8410.",
            IN_USE,
        )
    try:
        with lock:
            return _run(settings, listener)
    except portalocker.exceptions.LockException:
        return _refuse(
            f"Another Nexdeck uses the data folder {settings.data_dir}. Stop it, or choose another folder with "
            "NEXDECK_DATA_DIR.",
            IN_USE,
        )
    finally:
        listener.close()


def _run(settings: Settings, listener: socket.socket) -> int:
    endings: list[int] = []
    for ending in (signal.SIGINT, signal.SIGTERM):
        # while it starts, a wish to end is noted; later uvicorn sees to it, and raises it again when it has shut down
        signal.signal(ending, lambda number, _: endings.append(number))
    print(f"Nexdeck serves at {settings.url}  (data: {settings.data_dir})", flush=True)
    try:
        asyncio.run(_serve(settings, listener, endings))
    except StorageFailed as error:
        return _refuse(f"{error.message} (database: {settings.sqlalchemy_url.split('@')[-1]})", IN_USE)
    return 0


async def _serve(settings: Settings, listener: socket.socket, endings: list[int]) -> None:
    tracing = _tracing(settings)
    studio = build_studio(settings, tracing and tracing.around)
    await studio.start()
    try:
        web = await asyncio.to_thread(importlib.import_module, "nexdeck.app.web")
        config = uvicorn.Config(
            web.build_web(studio, settings, tracing),
            access_log=False,
            log_config=None,
            timeout_keep_alive=3600,  # shorter ones cut websockets that were upgraded on a reused connection
            timeout_graceful_shutdown=5,
            server_header=False,
        )
        garbage.expect_little()
        if not endings:
            await _Server(config, studio).serve(sockets=[listener])
    finally:
        await studio.stop()
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def _tracing(settings: Settings):
    """What sends traces, or None where they are off: then nothing of it is even imported."""
    if not settings.otlp_endpoint:
        return None
    from nexdeck.app.tracing import Tracing

    return Tracing(settings.otlp_endpoint, "nexdeck", settings.url)


class _Server(uvicorn.Server):
    """Ends the streams of log lines first: they have no end of their own that a shutdown could wait for."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._studio.logs.end_streams()
        await super().shutdown(sockets)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(2048)
    return listener


def _refuse(message: str, code: int) -> int:
    print(f"nexdeck: {message}", file=sys.stderr)
    return code
