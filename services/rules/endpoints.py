"""The addresses and commands by which a deployment is called."""

import json
import shlex
from typing import Any

from nexdeck.models.choices import Channel

DEFAULT_URL = "http://127.0.0.1:8400"  # where the command line looks for the control plane when nothing else is said


def api_endpoint(gateway_url: str, name: str) -> str:
    return f"{gateway_url}/workflows/{name}/execute"


def mcp_endpoint(gateway_url: str, name: str, channels: list[Channel]) -> str | None:
    return f"{gateway_url}/mcp/{name}" if Channel.MCP in channels else None


def cli_command(name: str, sample: dict[str, Any], channels: list[Channel], studio_url: str) -> str:
    """A command that runs in a POSIX shell as it is printed, with the sample input; empty when the channel is off."""
    if Channel.CLI not in channels:
        return ""
    words = ["nexdeck", "run", name, *(f"{field}={_as_argument(value)}" for field, value in sample.items())]
    if studio_url != DEFAULT_URL:
        words += ["--url", studio_url]
    return shlex.join(words)


def _as_argument(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
