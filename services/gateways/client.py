"""Talks to one gateway: its control routes, and real calls through its API and MCP channels.

A look is repeated, with jitter, when the connection broke; a change only when the connection was refused, so that
nothing was sent. A change whose answer did not come, or makes no sense, raises OutcomeUnknown:
``services.rollout.outcomes`` reads back what became of it. Only a problem document of the gateway's own is its verdict.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from nexdeck.models.control import (
    CONTROL_PREFIX,
    INSTALLATION_HEADER,
    PRODUCT,
    REVISION_HEADER,
    CanaryRequest,
    DeploymentState,
    KeysRequest,
    LiveRequest,
)
from nexdeck.models.manifest import RevisionBundle
from nexdeck.models.telemetry import CallBatch, CounterBatch, GatewayReport, LogBatch, Position
from nexdeck.services.errors import GatewayError, GatewayRefused, GatewayUnreachable, OutcomeUnknown, StudioError
from nexdeck.services.gateways.answers import raise_for, result_of, text_of, unreachable
from nexdeck.services.gateways.probe_client import ANSWER_LIMIT, ProbeClient
from nexdeck.services.gateways.transport import ConnectionForbidden

CONTROL_TIMEOUT = httpx.Timeout(8.0, connect=2.0)  # a load may take longer: asked again, the gateway waits for its end
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, ConnectionForbidden)
CUT = (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError)
STATE_TIMEOUT = httpx.Timeout(5.0, connect=2.0)  # of the whole answer
ITEMS_TIMEOUT = httpx.Timeout(30.0, connect=2.0)  # thousands of lines over a slow line
GOODBYE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.1
PAUSE = wait_random_exponential(multiplier=2 * FIRST_PAUSE_SECONDS, max=1.0)
T = TypeVar("T")
B = TypeVar("B", LogBatch, CallBatch, CounterBatch)
MCP_PROTOCOL = "2025-06-18"


class GatewayClient:
    def __init__(
        self, http: httpx.AsyncClient, looks: ProbeClient, url: str, token: str, installation: str = ""
    ) -> None:
        """``http`` for changes and calls, ``looks`` for the reads of the control routes."""
        self.url = url
        self._http = http
        self._looks = looks
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._control_headers = self._headers | ({INSTALLATION_HEADER: installation} if installation else {})

    async def state(self, counted: Position | None = None, seen: int = 0) -> GatewayReport:
        """What the gateway holds. With a position: what changed of that after number ``seen``, and what it counted
        after the position. Raises GatewayUnreachable; GatewayRefused for a wrong token or a orphan."""
        path = "/state" if counted is None else f"/state?{counted.query}&seen={seen}"
        answer = await self._read(path, STATE_TIMEOUT)
        try:
            state = GatewayReport.model_validate_json(answer)
        except ValidationError:
            state = None
        if state is None or state.product != PRODUCT:
            raise GatewayRefused(f"{self.url} answers, but it is not a Nexdeck gateway. Check the address and port.")
        return state

    async def load(self, deployment_id: str, bundle: RevisionBundle) -> DeploymentState:
        """Load a revision beside the live one. Raises ArtifactRejected with the cause when its module does not load."""
        return await self._change("PUT", f"/deployments/{deployment_id}/revisions/{bundle.revision}", bundle)

    async def unload(self, deployment_id: str, revision: int) -> None:
        await self._change("DELETE", f"/deployments/{deployment_id}/revisions/{revision}")

    async def go_live(self, deployment_id: str, request: LiveRequest) -> DeploymentState:
        return await self._change("PUT", f"/deployments/{deployment_id}/live", request)

    async def set_canary(self, deployment_id: str, request: CanaryRequest) -> DeploymentState:
        """Raises GatewayError ``revision_not_loaded`` when the gateway does not hold that revision (any more)."""
        return await self._change("PUT", f"/deployments/{deployment_id}/canary", request)

    async def set_keys(self, deployment_id: str, keys: KeysRequest) -> DeploymentState:
        return await self._change("PUT", f"/deployments/{deployment_id}/keys", keys)

    async def remove(self, deployment_id: str) -> None:
        """Drain and forget a deployment; one that is not there is fine."""
        await self._change("DELETE", f"/deployments/{deployment_id}")

    async def logs(self, after: int, limit: int) -> LogBatch:
        """The lines after a cursor, oldest first. Raises as ``state`` does, GatewayError for what is no batch."""
        return await self._batch(LogBatch, "log lines", f"/logs?after={after}&limit={limit}", ITEMS_TIMEOUT)

    async def calls(self, after: int, limit: int) -> CallBatch:
        """The calls after a cursor, oldest first. Raises as ``logs`` does."""
        return await self._batch(CallBatch, "calls", f"/requests?after={after}&limit={limit}", ITEMS_TIMEOUT)

    async def counters(self, after: Position) -> CounterBatch:
        """What changed after a position. Raises as ``logs`` does."""
        return await self._batch(CounterBatch, "counters", f"/counters?{after.query}", STATE_TIMEOUT)

    async def execute(self, name: str, inputs: dict[str, Any], revision: int, seconds: float) -> dict[str, Any]:
        """One real call through the API channel, answered by that revision. Returns the agent's output object."""
        path = f"/workflows/{name}/execute"
        answer = await self._call("POST", path, {"inputs": inputs}, {REVISION_HEADER: str(revision)}, seconds)
        try:
            return answer.json()["outputs"]["agent"]["result"]
        except (ValueError, KeyError, TypeError) as error:
            raise OutcomeUnknown(f"{path} answered {answer.text[:200]!r}, which is not a workflow's answer.") from error

    async def call_tool(self, name: str, inputs: dict[str, Any], revision: int, seconds: float) -> dict[str, Any]:
        """One real call through the MCP channel: open a session, list the tool, call it, end the session."""
        path = f"/mcp/{name}"
        headers = {REVISION_HEADER: str(revision), "Accept": "application/json, text/event-stream"}

        async def request(method: str, params: dict[str, Any], number: int | None) -> httpx.Response:
            message = {"jsonrpc": "2.0", "method": method, "params": params}
            if number is not None:
                message["id"] = number
            return await self._call("POST", path, message, headers, seconds)

        hello = {"protocolVersion": MCP_PROTOCOL, "capabilities": {}, "clientInfo": {"name": "nexdeck", "version": "1"}}
        answer = await request("initialize", hello, 1)
        result_of(answer, path)
        if session := answer.headers.get("mcp-session-id"):
            headers["Mcp-Session-Id"] = session
        headers["MCP-Protocol-Version"] = MCP_PROTOCOL
        await request("notifications/initialized", {}, None)
        try:
            tools = [tool["name"] for tool in result_of(await request("tools/list", {}, 2), path)["tools"]]
            if name not in tools:
                raise GatewayError(f"{path} lists the tools {tools}, without {name}.")
            result = result_of(await request("tools/call", {"name": name, "arguments": inputs}, 3), path)
        finally:
            if session:
                with contextlib.suppress(StudioError, TimeoutError):
                    async with asyncio.timeout(GOODBYE_SECONDS):
                        await self._call("DELETE", path, None, headers, seconds)
        if result.get("isError"):
            raise GatewayError(f"The tool answered an error: {text_of(result)}")
        return result["structuredContent"]

    async def _change(self, method: str, path: str, body: BaseModel | None = None) -> DeploymentState:
        """Raises GatewayUnreachable when nothing was sent, OutcomeUnknown, or what the gateway's verdict is."""
        answer = await self._write(method, path, body and body.model_dump_json())
        try:
            return DeploymentState.model_validate_json(answer)
        except ValidationError as error:
            raise OutcomeUnknown(f"{self.url} answered {method} {path} with something else than a state.") from error

    async def _batch(self, kind: type[B], what: str, path: str, limits: httpx.Timeout) -> B:
        answer = await self._read(path, limits)
        try:
            return kind.model_validate_json(answer)
        except ValidationError as error:
            raise GatewayError(f"{self.url} answered with something else than {what}.") from error

    async def _read(self, path: str, limits: httpx.Timeout) -> bytes:
        url = f"{self.url}{CONTROL_PREFIX}{path}"
        answer = await self._reach(CUT, self._looks.get, url, self._control_headers, limits)
        if answer.status != httpx.codes.OK:
            raise_for(httpx.Response(answer.status, content=answer.content), self.url, GatewayRefused)
        return answer.content

    async def _write(self, method: str, path: str, body: str | None) -> bytes:
        headers = self._control_headers | {"Content-Type": "application/json"}
        request = (method, CONTROL_PREFIX + path, body, headers, CONTROL_TIMEOUT)
        answer = await self._reach((httpx.ConnectError,), self._send, *request)
        raise_for(answer, self.url, OutcomeUnknown)
        return answer.content

    async def _reach(
        self, causes: tuple[type[Exception], ...], call: Callable[..., Awaitable[T]], *arguments: Any
    ) -> T:
        """Call it, up to three times while one of those causes is why it fails.

        Raises GatewayUnreachable when nothing was sent, else OutcomeUnknown.
        """
        try:
            try:
                return await call(*arguments)
            except causes:
                await asyncio.sleep(random.uniform(0.0, FIRST_PAUSE_SECONDS))
            # made only now: before every call it would take a third as long as the call
            is_worth_it = retry_if_exception_type(causes)
            retrying = AsyncRetrying(retry=is_worth_it, stop=stop_after_attempt(2), wait=PAUSE, reraise=True)
            return await retrying(call, *arguments)
        except httpx.HTTPError as error:
            kind = GatewayUnreachable if isinstance(error, NOTHING_SENT) else OutcomeUnknown
            raise kind(unreachable(self.url, error)) from error

    async def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        headers: dict[str, str],
        seconds: float,
        on_bytes: Callable[[bytes], None] | None = None,
    ) -> httpx.Response:
        """Whatever is answered, errors too. Raises GatewayUnreachable, or GatewayError ``timeout``.

        ``on_bytes`` gets an answer in events as it comes.
        """
        content = None if body is None else json.dumps(body)
        headers = {**self._headers, **headers, "Content-Type": "application/json"}
        try:
            return await self._send(method, path, content, headers, httpx.Timeout(seconds, connect=2.0), on_bytes)
        except httpx.TimeoutException as error:
            raise GatewayError(f"{path} did not answer within {seconds:g} s.", code="timeout") from error
        except httpx.HTTPError as error:
            raise GatewayUnreachable(unreachable(self.url, error)) from error

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str], seconds: float
    ) -> httpx.Response:
        answer = await self.ask(method, path, body, headers, seconds)
        raise_for(answer, self.url, OutcomeUnknown)
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        body: str | None,
        headers: dict[str, str],
        limits: httpx.Timeout,
        on_bytes: Callable[[bytes], None] | None = None,
    ) -> httpx.Response:
        request = self._http.build_request(method, self.url + path, content=body, headers=headers, timeout=limits)
        answer = await self._http.send(request, stream=True)
        comes_in_events = answer.headers.get("content-type", "").startswith("text/event-stream")
        try:
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if on_bytes is not None and comes_in_events:
                    on_bytes(chunk)
                if len(content) > ANSWER_LIMIT:
                    raise OutcomeUnknown(f"{self.url}{path} answered with more than {ANSWER_LIMIT >> 20} MB.")
        finally:
            await answer.aclose()
        headers = {k: v for k, v in answer.headers.items() if k not in ("content-encoding", "content-length")}
        return httpx.Response(answer.status_code, headers=headers, content=bytes(content), request=request)
