"""How the MCP channel answers: in plain JSON, but in events where a client wants news of an answer in chunks.

The official transport answers in one of the two ways for as long as a session lives; here each request has its own.
"""

from contextvars import ContextVar

from mcp.server import streamable_http_manager
from mcp.server.streamable_http import StreamableHTTPServerTransport

IN_EVENTS: ContextVar[bool] = ContextVar("nexdeck_mcp_in_events", default=False)


class Transport(StreamableHTTPServerTransport):
    @property
    def is_json_response_enabled(self) -> bool:
        return not IN_EVENTS.get()

    @is_json_response_enabled.setter
    def is_json_response_enabled(self, _: bool) -> None:
        """What the manager says when it makes one; the request decides."""


streamable_http_manager.StreamableHTTPServerTransport = Transport  # the manager has no option for it
