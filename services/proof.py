"""Proof that a channel works: one real call, as a user would make it, answered by the very revision under test."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from models.wire import Channel, Limits
from services.errors import GatewayError, ProofFailed
from services.gateway_client import GatewayClient

OVERHEAD_SECONDS = 5.0  # what a channel may take on top of the agent's own timeout


@dataclass(frozen=True)
class ProofCall:
    """What is called: a deployment's revision on a gateway, with the sample input."""

    deployment_id: str
    name: str
    revision: int
    sample: dict[str, Any]
    limits: Limits

    @property
    def seconds(self) -> float:
        return self.limits.timeout_seconds + OVERHEAD_SECONDS


class Prover:
    def __init__(self, studio_url: str) -> None:
        self._studio_url = studio_url

    async def prove(self, channel: Channel, client: GatewayClient, token: str, call: ProofCall) -> str:
        """Returns what was seen, e.g. ``answered in 12 ms``. Raises ProofFailed or GatewayUnreachable."""
        began = perf_counter()
        try:
            if channel is Channel.API:
                await client.execute(call.name, call.sample, call.revision, call.seconds)
            elif channel is Channel.MCP:
                await client.call_tool(call.name, call.sample, call.revision, call.seconds)
            else:
                await self._run_command(token, call)
        except GatewayError as error:
            raise ProofFailed(f"The {channel.upper()} channel did not prove live: {error.message}") from error
        return f"answered in {(perf_counter() - began) * 1000:.0f} ms"

    async def _run_command(self, token: str, call: ProofCall) -> None:
        """``nexdeck run`` itself, in its own process; the token goes by the environment, never by the arguments."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", "run", call.deployment_id),
            *("--input", "-", "--json", "--revision", str(call.revision)),
            env={**os.environ, "NEXDECK_URL": self._studio_url, "NEXDECK_KEY": token},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(call.seconds):
                out, err = await process.communicate(json.dumps(call.sample).encode())
        except TimeoutError as error:
            raise GatewayError(f"the command did not end within {call.seconds:g} s.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            said = err.decode(errors="replace").strip().replace(token, "…")[-1000:]
            raise GatewayError(f"the command ended with exit code {process.returncode}: {_detail_of(said)}")
        try:
            json.loads(out)
        except ValueError as error:
            raise GatewayError(f"the command printed {out[:200]!r}, which is not JSON.") from error


def _detail_of(said: str) -> str:
    """The sentence for people in what the command printed: a problem document, or plain text."""
    try:
        return json.loads(said)["detail"]
    except (ValueError, KeyError, TypeError):
        return said
