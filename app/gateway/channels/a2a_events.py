"""A streamed answer in the words of the A2A protocol: a task that works, adds to its artifact, and ends.

The task lives as long as the stream: an agent that answers at once answers with a message and needs none.
"""

from typing import Any
from uuid import uuid4

from starlette.types import Send

from nexdeck.app.gateway.channels.a2a_messages import message_of, message_of_problem, part_of
from nexdeck.app.gateway.channels.events import Events
from nexdeck.app.gateway.ground import json_text


class TaskEvents(Events):
    def __init__(self, send: Send, rpc_id: Any, context_id: str) -> None:
        super().__init__(send)
        self._rpc_id = rpc_id
        self._context_id = context_id
        self._ids = {"taskId": str(uuid4()), "contextId": context_id}

    async def chunk(self, chunk: Any) -> None:
        goes_on = self.began
        if not goes_on:
            task = {"id": self._ids["taskId"], "contextId": self._context_id, "status": {"state": "TASK_STATE_WORKING"}}
            await self._tell({"task": task})
        artifact = {"artifactId": "answer", "parts": [part_of(chunk)]}
        await self._tell({"artifactUpdate": {**self._ids, "artifact": artifact, "append": goes_on}})

    async def result(self, body: bytes) -> None:
        """``body`` is the agent's output as JSON."""
        message = message_of(json_text.parse(body), self._context_id)
        if self.began:
            await self._end("TASK_STATE_COMPLETED", message)
        else:
            await self._tell({"message": message}, last=True)

    async def error(self, problem: bytes) -> None:
        await self._end("TASK_STATE_FAILED", message_of_problem(json_text.parse(problem), self._context_id))

    async def _end(self, state: str, message: dict[str, Any]) -> None:
        message = {**message, "taskId": self._ids["taskId"]}
        await self._tell({"statusUpdate": {**self._ids, "status": {"state": state, "message": message}}}, last=True)

    async def _tell(self, result: dict[str, Any], *, last: bool = False) -> None:
        data = self.json({"jsonrpc": "2.0", "id": self._rpc_id, "result": result})
        await self.write(b"data: %b\n\n" % data, last=last)
