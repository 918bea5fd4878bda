"""Server-sent events of one call: ``chunk`` for each chunk, then ``result`` or ``error``."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive, Send

from nexdeck.app.gateway.agents.streams import OnChunk
from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.problems import GatewayProblem

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would collect them
]


class Events:
    """Begins to answer with the first event: until then, a failure can still have a status of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.began = False

    async def chunk(self, chunk: Any) -> None:
        """Raises GatewayProblem ``invalid_output`` for what is not JSON."""
        await self._event(b"chunk", self.json(chunk))

    async def result(self, body: bytes) -> None:
        await self._event(b"result", body, last=True)

    async def error(self, problem: bytes) -> None:
        await self._event(b"error", problem, last=True)

    async def _event(self, name: bytes, data: bytes, *, last: bool = False) -> None:
        """``data`` is JSON in one line."""
        await self.write(b"event: %b\ndata: %b\n\n" % (name, data), last=last)

    async def write(self, event: bytes, *, last: bool) -> None:
        if not self.began:
            self.began = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        await self._send({"type": "http.response.body", "body": event, "more_body": not last})

    @staticmethod
    def json(value: Any) -> bytes:
        try:
            return json_text.dump(value)
        except json_text.NotJson as error:
            detail = f"A chunk of the agent's output is not JSON: {error}."
            raise GatewayProblem(502, "invalid_output", detail) from error


async def answer_with_events(
    events: Events, call: Callable[[OnChunk], Awaitable[bytes]], request_id: str, receive: Receive
) -> None:
    """Tell the chunks of a call as they come, then its answer; end the call when the caller goes away.

    Raises GatewayProblem for a failure before the first chunk; a later one becomes an event.
    """
    answer = asyncio.create_task(call(events.chunk))
    gone = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            await events.result(answer.result())
    except GatewayProblem as problem:
        if not events.began:
            raise
        await events.error(problem.problem(request_id).model_dump_json().encode())
    finally:
        answer.cancel()
        gone.cancel()
        await asyncio.gather(answer, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
