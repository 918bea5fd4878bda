"""How processes that Nexdeck runs are waited for and ended: gently at first."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine
from typing import Any

STOP_SECONDS = 15.0


async def wait(process: asyncio.subprocess.Process, watch: Coroutine[Any, Any, None]) -> str:
    """How it ended; ``watch`` runs beside it until then."""
    watching = asyncio.create_task(watch)
    try:
        return f"exit code {await process.wait()}"
    finally:
        watching.cancel()


async def end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def end_pid(pid: int) -> None:
    """End an adopted process; it is not our child, so its end is seen by asking for it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(int(STOP_SECONDS / 0.1)):
            await asyncio.sleep(0.1)
            os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)
