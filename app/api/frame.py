"""What surrounds every request of the REST API: its identifier, and the last net for what nobody foresaw."""

import logging
import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem_response
from models.wire import REQUEST_ID_HEADER

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger("nexdeck.api")


class RequestFrame:
    """ASGI middleware: puts an X-Request-ID on every answer (the caller's own, if it is well-formed) and turns an
    unforeseen exception into a 500 that tells the id and nothing else; the traceback goes to the log under that id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _ACCEPTED_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:  # the boundary of the process: whatever it was, the caller gets an answer and we a traceback
            _log.exception("request %s: %s %s failed", request_id, scope["method"], scope["path"])
            if started:
                raise
            detail = f"Nexdeck made a mistake. Its log has the details under the request id {request_id}."
            response = problem_response(500, "Something of ours broke", detail, code="internal_error", scope=scope)
            await response(scope, receive, send_with_id)
