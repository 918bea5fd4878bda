"""Proof that a channel works: one real call, as a user would make it, answered by the very revision under test."""

import asyncio
import json
import os
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from nexdeck.models.choices import Channel
from nexdeck.models.manifest import Limits
from nexdeck.services.errors import GatewayError, GatewayUnreachable, ProofFailed
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.platform.programs import own_program

LOST_ON_ITS_WAY = {"unreachable", "not_a_gateway"}  # codes of `nexdeck run`: no answer of the gateway's own arrived
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
        """Returns what was seen, e.g. ``answered in 12 ms``.

        Raises ProofFailed, with the code of the gateway's verdict, or GatewayUnreachable when the call or its answer
        was lost on its way.
        """
        began = perf_counter()
        try:
            if channel is Channel.API:
                await client.execute(call.name, call.sample, call.revision, call.seconds)
            elif channel is Channel.MCP:
                await client.call_tool(call.name, call.sample, call.revision, call.seconds)
            else:
                await self._run_command(token, call)
        except GatewayError as error:
            message = f"The {channel.upper()} channel did not prove live: {error.message}"
            raise ProofFailed(message, code=error.code if error.code != GatewayError.code else None) from error
        return f"answered in {(perf_counter() - began) * 1000:.0f} ms"

    async def _run_command(self, token: str, call: ProofCall) -> None:
        """``nexdeck run`` itself, in its own process; the token goes by the environment, never by the arguments."""
        process = await asyncio.create_subprocess_exec(
            *(*own_program("run"), call.deployment_id),
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
            said = err.decode(errors="replace").strip().replace(token, "…")
            detail, code = _detail_and_code_of(said)
            kind = GatewayUnreachable if code in LOST_ON_ITS_WAY else GatewayError
            raise kind(f"the command ended with exit code {process.returncode}: {detail}", code=code)
        try:
            json.loads(out)
        except ValueError as error:
            raise GatewayError(f"the command printed {out[:200]!r}, which is not JSON.") from error


def _detail_and_code_of(said: str) -> tuple[str, str | None]:
    """The sentence for people and the code in what the command printed: a problem document, or plain text."""
    try:
        problem = json.loads(said)
        return str(problem["detail"])[-1000:], str(problem["code"])
    except (ValueError, KeyError, TypeError):
        return said[-1000:], None
