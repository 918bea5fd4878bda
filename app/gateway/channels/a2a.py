"""The A2A protocol, version 1.0 over JSON-RPC: each deployment whose API channel is on is an agent at ``/a2a/{name}``.

``GET /a2a`` lists those that the caller's key opens, ``GET /a2a/{name}/.well-known/agent-card.json`` is one's card.
Cards are public, as the protocol wants them; they tell neither inputs nor options. No task outlives its answer.
"""

import re
from operator import itemgetter
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from nexdeck.app.gateway.agents.streams import OnChunk
from nexdeck.app.gateway.channels.a2a_messages import JSON_TYPE, TaskEvents, context_of, inputs_of, message_of
from nexdeck.app.gateway.channels.access import Visit
from nexdeck.app.gateway.channels.bodies import most_bytes, read_body
from nexdeck.app.gateway.channels.events import answer_with_events
from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving.host import Host
from nexdeck.app.gateway.serving.invocation import Caller, Invoker
from nexdeck.app.gateway.serving.revision import LoadedRevision
from nexdeck.models.choices import Channel

PREFIX = "/a2a"
VERSION = "1.0"
_ROUTE = re.compile(r"/a2a/([^/]+)(/|/\.well-known/agent-card\.json)?")
_NO_TASK, _NO_PUSH, _UNSUPPORTED, _NO_CARD = -32001, -32003, -32004, -32007
_PARSE, _INVALID_REQUEST, _NO_METHOD, _INVALID_PARAMS, _INTERNAL = -32700, -32600, -32601, -32602, -32603
_NOT_HERE = {
    **dict.fromkeys(("GetTask", "CancelTask", "SubscribeToTask"), (_NO_TASK, "No task outlives its answer.")),
    "ListTasks": (_UNSUPPORTED, "No task outlives its answer, so there is none to list."),
    "GetExtendedAgentCard": (_NO_CARD, "There is no card besides the public one."),
    **dict.fromkeys(
        (f"{act}TaskPushNotificationConfig{s}" for act in ("Create", "Get", "List", "Delete") for s in ("", "s")),
        (_NO_PUSH, "Push notifications are not supported."),
    ),
}


class RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class A2aChannel:
    def __init__(self, host: Host, invoker: Invoker) -> None:
        self._host = host
        self._invoker = invoker

    async def answer(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises GatewayProblem for an agent that is not there, whose API channel is off, or for a missing key."""
        path, method = scope["path"].rstrip("/"), scope["method"]
        if path == PREFIX and method == "GET":
            await JSONResponse({"agents": self._list(visit, scope)})(scope, receive, send)
            return
        found = _ROUTE.fullmatch(scope["path"])
        if found is None or method != ("GET" if (found[2] or "").endswith(".json") else "POST"):
            raise GatewayProblem(404, "no_such_route", f"There is no {method} {scope['path']!r} here.")
        ask = self._host.revision if method == "GET" else self._host.answering
        revision = _with_api(ask(found[1], visit.revision))
        if method == "GET":
            await JSONResponse(card_of(revision, _base(scope)))(scope, receive, send)
            return
        visit.require(revision)
        await self._call(revision, visit, scope, receive, send)

    async def _call(self, revision: LoadedRevision, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        rpc_id = None
        try:
            most = most_bytes(revision.bundle.manifest.limits)
            request = _request_in(await read_body(scope, receive, most))
            rpc_id = request.get("id")
            message = _message_in(request)
            inputs, context_id = inputs_of(message, revision.bundle.manifest.input_schema), context_of(message)
            caller = Caller(Channel.API.value, visit.request_id, visit.control, visit.probe, visit.key)
            if request["method"] == "SendMessage":
                output = await self._invoker.invoke(revision, inputs, caller)
                answer: dict[str, Any] = {"result": {"message": message_of(output.value, context_id)}}
            else:

                async def call(on_chunk: OnChunk) -> bytes:
                    return (await self._invoker.invoke(revision, inputs, caller, on_chunk)).text

                events = TaskEvents(send, rpc_id, context_id)
                await answer_with_events(events, call, visit.request_id, receive)
                return
        except RpcError as error:
            answer, status, headers = {"error": {"code": error.code, "message": error.message}}, 200, {}
        except GatewayProblem as problem:
            answer, status, headers = _error_of(problem, visit.request_id)
        else:
            status, headers = 200, {}
        body = json_text.dump({"jsonrpc": "2.0", "id": rpc_id, **answer})
        await Response(body, status, headers, media_type=JSON_TYPE)(scope, receive, send)

    def _list(self, visit: Visit, scope: Scope) -> list[dict[str, str]]:
        live = [(deployment.name, deployment.live) for deployment in self._host.deployments() if deployment.live]
        urls = {
            name: f"{_base(scope)}{PREFIX}/{name}"
            for name, revision in sorted(live, key=itemgetter(0))
            if Channel.API in revision.bundle.manifest.channels and visit.opens(revision)
        }
        return [{"name": name, "url": url, "card": f"{url}/.well-known/agent-card.json"} for name, url in urls.items()]


def card_of(revision: LoadedRevision, base: str) -> dict[str, Any]:
    """What the public may know of an agent: nothing of it depends on what callers send or on how it is set up."""
    name, manifest = revision.bundle.name, revision.bundle.manifest
    card: dict[str, Any] = {
        "name": name,
        "description": manifest.about,
        "version": manifest.version,
        "supportedInterfaces": [
            {"url": f"{base}{PREFIX}/{name}", "protocolBinding": "JSONRPC", "protocolVersion": VERSION}
        ],
        "capabilities": {"streaming": revision.agent.stream is not None, "pushNotifications": False},
        "defaultInputModes": [JSON_TYPE, "text/plain"],
        "defaultOutputModes": [JSON_TYPE, "text/plain"],
        "skills": [{"id": name, "name": name, "description": manifest.about, "tags": [manifest.kind.value]}],
    }
    if manifest.require_key:
        about = "An invocation key of this deployment."
        card["securitySchemes"] = {"key": {"httpAuthSecurityScheme": {"scheme": "Bearer", "description": about}}}
        card["securityRequirements"] = [{"schemes": {"key": {"list": []}}}]
    return card


def _base(scope: Scope) -> str:
    """The address by which the caller reached us; its host was checked at the door."""
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return f"{scope['scheme']}://{host}"


def _with_api(revision: LoadedRevision) -> LoadedRevision:
    if Channel.API not in revision.bundle.manifest.channels:
        name = revision.bundle.name
        raise GatewayProblem(403, "channel_disabled", f"The API channel of {name!r} is switched off.")
    return revision


def _request_in(body: bytes) -> dict[str, Any]:
    try:
        request = json_text.parse(body)
    except json_text.NotJson as error:
        raise RpcError(_PARSE, f"The body is not JSON: {error}.") from error
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise RpcError(_INVALID_REQUEST, "The body must be one JSON-RPC request with a method.")
    return request


def _message_in(request: dict[str, Any]) -> Any:
    method, params = request["method"], request.get("params")
    if method in _NOT_HERE:
        raise RpcError(*_NOT_HERE[method])
    if method not in ("SendMessage", "SendStreamingMessage"):
        old = " (A2A 1.0 calls it SendMessage)" if method.startswith("message/") else ""
        raise RpcError(_NO_METHOD, f"There is no method {method[:80]!r}{old}.")
    if not isinstance(params, dict) or "message" not in params:
        raise RpcError(_INVALID_PARAMS, "params.message is required.")
    return params["message"]


def _error_of(problem: GatewayProblem, request_id: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """As JSON-RPC; what a caller should wait for keeps its HTTP status and ``Retry-After``, so that clients do."""
    code = _INVALID_PARAMS if problem.status_code == 422 else _INTERNAL
    data = [problem.problem(request_id).model_dump(mode="json")]
    status = problem.status_code if problem.status_code in (413, 429, 503, 504) else 200
    return {"error": {"code": code, "message": problem.detail, "data": data}}, status, problem.headers
