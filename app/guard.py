"""Keeps foreign web pages out: only requests to our own name, from our own pages or from no page at all, come in."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from nexdeck.app.api.errors import problem_response

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class HostAndOriginGuard:
    """ASGI middleware that answers 403 to HTTP requests and websockets whose Host or Origin is not ours, and whose
    address has control characters, which would break lines in logs and slip past what routes match.

    The Host check stops DNS rebinding: a foreign name that resolves to this machine is still a foreign name. The Origin
    check stops pages of other sites *and of other ports*: a page of another local application is foreign too.

    ``allowed_hosts`` are further names besides loopback: ``deck.intra`` or, when the port is not its scheme's own,
    ``deck.intra:8400``. As a Host either is accepted with any port; as an Origin (behind a proxy that rewrites
    Host) it must be written exactly so.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = ()) -> None:
        self.app = app
        named = {host.strip().lower() for host in allowed_hosts if host.strip()}
        self._hosts = {*LOOPBACK_HOSTS, *map(_without_port, named)}
        self._origins = named.difference(LOOPBACK_HOSTS)  # on loopback only the very port that was asked is ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or (reason := self._refusal(scope)) is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send(
                {"type": "websocket.close", "code": 1008, "reason": reason}
            )  # before accept: the server says 403
        else:
            response = problem_response(403, "Not allowed from there", reason, code="foreign_request", scope=scope)
            await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        """Why the request is not let in, or None when it is."""
        if _CONTROLS.search(scope["path"]):
            return "The address has control characters; none of Nexdeck's has."
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _without_port(hosts[0].lower()) not in self._hosts:
            return (
                "The address in the Host header is not one of Nexdeck's. "
                "Use http://127.0.0.1 with its port, or name the host in NEXDECK_ALLOWED_HOSTS."
            )
        for origin in headers.getlist("origin"):
            if not self._is_ours(origin.lower(), hosts[0].lower()):
                return "The request comes from a page of another site, and only Nexdeck's own pages may do that."
        return None

    def _is_ours(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and (parts.netloc == host or parts.netloc in self._origins)


def _without_port(host: str) -> str:
    """``localhost:8400`` → ``localhost``; ``[::1]:8400`` → ``[::1]``; what is odd stays so and fits nothing."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and (":" not in name or name.endswith("]")) else host
