"""``POST /workflows/{name}/execute``: the API channel, and the CLI channel that uses the same route.

The answer has the shape of Nexus's own (``kailash.api.workflow_api.WorkflowResponse``) without the detour through its
workflow runtime. A caller that accepts only ``text/event-stream`` gets the chunks of the output as they come. The
asynchronous mode, and the streaming mode for agents that answer at once, are Nexus's: the admitted call is handed on.
"""

import re
from time import perf_counter
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from nexdeck.app.gateway.agents.streams import OnChunk
from nexdeck.app.gateway.channels.access import Visit
from nexdeck.app.gateway.channels.bodies import most_bytes, read_body, replaying
from nexdeck.app.gateway.channels.events import Events, answer_with_events
from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving.host import Host
from nexdeck.app.gateway.serving.invocation import Caller, Invoker
from nexdeck.app.gateway.serving.revision import LoadedRevision
from nexdeck.models.choices import Channel
from nexdeck.models.problem import FieldError

PREFIX = "/workflows"
# Nexus mounts each workflow at /workflows/NAME and executes it for POSTs on these three paths.
_CALL = re.compile(r"/workflows/([^/]+)(?:/|/execute)?")


class ApiChannel:
    """What it does not answer itself, Nexus does: the list of workflows, and each one's own pages."""

    def __init__(self, host: Host, invoker: Invoker, nexus: ASGIApp) -> None:
        self._host = host
        self._invoker = invoker
        self._nexus = nexus

    async def answer(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises GatewayProblem for an agent that is not there, whose channel is off, or for a missing key."""
        path = scope["path"]
        if path == PREFIX:
            await self._nexus(scope, receive, send)
            return
        name = path.split("/", 3)[2]
        is_call = scope["method"] == "POST" and _CALL.fullmatch(path)
        revision = (self._host.answering if is_call else self._host.revision)(name, visit.revision)
        visit.require(revision)
        if is_call:
            await self._call(revision, visit, scope, receive, send)
        else:
            await self._nexus(scope, receive, send)

    async def _call(self, revision: LoadedRevision, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        channel = _channel(revision, visit)
        most = most_bytes(revision.bundle.manifest.limits)
        inputs, mode = _call_in(await read_body(scope, receive, most))
        caller = Caller(channel, visit.request_id, visit.control, visit.probe, visit.key, visit.trace)

        async def call(on_chunk: OnChunk | None = None) -> bytes:
            output = await self._invoker.invoke(revision, inputs, caller, on_chunk)
            text = revision.recorder.redacted(output.value) if visit.as_recorded else output.text
            return _body(revision, text, perf_counter() - began)

        if _wants_events(scope) or (mode == "stream" and revision.agent.stream is not None):
            await answer_with_events(Events(send), call, visit.request_id, receive)
            return
        if mode != "sync":
            await self._hand_on(revision, inputs, mode, caller, scope, receive, send)
            return
        body = await call()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _hand_on(
        self,
        revision: LoadedRevision,
        inputs: dict,
        mode: str,
        caller: Caller,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Let Nexus answer. It gets no inputs: the node that it runs takes the admitted call from the context."""
        # nexus is imported by now; at this module's import it is not, so that the gateway answers /livez at once
        from nexdeck.app.gateway.agents.runtime import ADMITTED

        async def admitted() -> dict[str, Any]:
            return (await self._invoker.invoke(revision, inputs, caller)).value

        body = orjson.dumps({"inputs": {}, "mode": mode})
        replaced = (b"content-length", b"content-type")
        headers = [(name, value) for name, value in scope["headers"] if name not in replaced]
        headers += [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        path = f"/workflows/{revision.bundle.name}/execute"
        scope = {**scope, "path": path, "raw_path": path.encode(), "headers": headers}

        token = ADMITTED.set(admitted)
        try:
            await self._nexus(scope, replaying(body, receive), send)
        finally:
            ADMITTED.reset(token)


def _channel(revision: LoadedRevision, visit: Visit) -> str:
    channel = Channel.CLI if visit.channel == Channel.CLI else Channel.API
    if channel not in revision.bundle.manifest.channels and not visit.as_recorded:
        name = revision.bundle.name
        raise GatewayProblem(403, "channel_disabled", f"The {channel.upper()} channel of {name!r} is switched off.")
    return channel.value


def _body(revision: LoadedRevision, output: bytes, seconds: float) -> bytes:
    return b'{"outputs":{"agent":{"result":%b}},"execution_time":%.6f,"workflow_id":%b,"version":%b}' % (
        output,
        seconds,
        orjson.dumps(revision.bundle.name),
        orjson.dumps(revision.bundle.manifest.version),
    )


def _wants_events(scope: Scope) -> bool:
    """Whether the caller takes events and does not take JSON as well."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/event-stream" in accepted and b"application/json" not in accepted


def _call_in(body: bytes) -> tuple[dict[str, Any], str]:
    """The inputs and the mode. ``parameters`` is what Nexus's own command-line client says instead of ``inputs``."""
    try:
        document = json_text.parse(body)
    except json_text.NotJson as error:
        raise GatewayProblem(400, "not_json", f"The body is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise _malformed("body", "must be a JSON object with the field `inputs`")
    inputs = document.get("inputs", document.get("parameters"))
    if not isinstance(inputs, dict):
        missing = "inputs" not in document
        raise _malformed("inputs", "is required" if missing else "must be an object")
    mode = document.get("mode", "sync")
    if mode not in ("sync", "async", "stream"):
        raise _malformed("mode", "must be sync, async or stream")
    return inputs, mode


def _malformed(path: str, message: str) -> GatewayProblem:
    errors = [FieldError(path=path, message=message)]
    return GatewayProblem(422, "invalid_input", f"The request does not fit: {path} {message}.", errors=errors)
