"""A deployment's interface, to be varied by tests."""

from typing import Any

from nexdeck.models.choices import Channel
from nexdeck.models.manifest import Limits
from nexdeck.services.docs.interface import CallerInterface


def interface(**changes: Any) -> CallerInterface:
    values: dict[str, Any] = {
        "name": "echo",
        "agent": "echo",
        "version": "1.0.0",
        "description": "Says it again.",
        "gateway_url": "http://127.0.0.1:8401",
        "api_url": "http://127.0.0.1:8401/workflows/echo/execute",
        "mcp_url": "http://127.0.0.1:8401/mcp/echo",
        "cli_command": "nexdeck run echo text=hello",
        "channels": tuple(Channel),
        "require_key": False,
        "limits": Limits(),
        "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        "output_schema": {"type": "object", "properties": {"result": {"type": "string"}}, "required": ["result"]},
        "sample": {"text": "hello"},
    }
    return CallerInterface(**{**values, **changes})
