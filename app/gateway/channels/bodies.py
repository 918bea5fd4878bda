"""Reads request bodies up to a limit, and gives them to be read again."""

from starlette.types import Message, Receive, Scope

from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.manifest import MOST_REQUEST_KB, Limits

MOST_BYTES = MOST_REQUEST_KB * 1024


async def read_body(scope: Scope, receive: Receive, most: int = MOST_BYTES) -> bytes:
    """Raises GatewayProblem ``too_large``, before the rest of a body that is too long has been read."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > most:
            raise _too_large(most)
    message = await receive()
    body = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > most:
            raise _too_large(most)
        return body
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > most:
            raise _too_large(most)
    return b"".join(chunks)


def most_bytes(limits: Limits) -> int:
    """How large a body may be that calls a deployment with these limits."""
    return MOST_BYTES if limits.max_request_kb is None else limits.max_request_kb * 1024


def check_size(size: int, limits: Limits) -> None:
    """For a body of which it was not known before whom it calls. Raises GatewayProblem ``too_large``."""
    if size > (most := most_bytes(limits)):
        raise _too_large(most)


def replaying(body: bytes, receive: Receive) -> Receive:
    """``receive`` once more from the beginning, after the body was read."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def _too_large(most: int) -> GatewayProblem:
    detail = f"The body is larger than {f'{most >> 20} MB' if most == MOST_BYTES else f'{most >> 10:,} kB'}."
    return GatewayProblem(413, "too_large", detail, headers={"Connection": "close"})
