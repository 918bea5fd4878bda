"""What surrounds every request of the REST API: its identifier, its size, and the last net for what nobody foresaw."""

import logging
import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexdeck.app.api.errors import MAX_BODY_BYTES, problem_response, too_large
from nexdeck.models.control import REQUEST_ID_HEADER

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


class BodyLimit:
    """ASGI middleware: answers 413 to a body over ``MAX_BODY_BYTES``, at once where its length was announced, else
    when that much of it has come in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and (len(announced) > 18 or int(announced) > MAX_BODY_BYTES):
            await too_large(scope)(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_counted, send)
