"""Talks to one gateway: its control routes, and real calls through its API and MCP channels.

Retries, with jitter, are made only where a repetition cannot do harm: when the connection was refused (nothing was
sent), and for the control routes, all of which are idempotent, when the connection broke.
"""

import json
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from models.wire import (
    CONTROL_PREFIX,
    INSTALLATION_HEADER,
    PRODUCT,
    REVISION_HEADER,
    CallBatch,
    DeploymentState,
    GatewayState,
    KeysRequest,
    LiveRequest,
    LogBatch,
    RevisionBundle,
)
from services.errors import ArtifactRejected, Conflict, Fault, GatewayError, GatewayRefused, GatewayUnreachable

ANSWER_LIMIT = 16 * 1024 * 1024  # bytes; a gateway that answers without end must not fill our memory
CONTROL_TIMEOUT = httpx.Timeout(30.0, connect=2.0)
STATE_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
MCP_PROTOCOL = "2025-06-18"


class GatewayConnections:
    """The HTTP connections to all gateways, pooled; redirects are never followed and proxies never used."""

    def __init__(self, installation: str = "") -> None:
        """``installation`` tells gateways who we are, so that two Nexdecks on one of them are noticed."""
        self.installation = installation
        self._http = httpx.AsyncClient(timeout=CONTROL_TIMEOUT, trust_env=False)

    def to(self, url: str, token: str) -> "GatewayClient":
        """``token`` is the gateway's own for its control routes, a caller's key for calls, or empty."""
        return GatewayClient(self._http, url, token, self.installation)

    async def close(self) -> None:
        await self._http.aclose()


class GatewayClient:
    def __init__(self, http: httpx.AsyncClient, url: str, token: str, installation: str = "") -> None:
        self.url = url
        self._installation = installation
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def state(self) -> GatewayState:
        """What the gateway holds. Raises GatewayUnreachable; GatewayRefused for a wrong token or a stranger."""
        answer = await self._control("GET", "/state", limits=STATE_TIMEOUT)
        try:
            state = GatewayState.model_validate_json(answer)
        except ValidationError:
            state = None
        if state is None or state.product != PRODUCT:
            raise GatewayRefused(f"{self.url} answers, but it is not a Nexdeck gateway. Check the address and port.")
        return state

    async def load(self, deployment_id: str, bundle: RevisionBundle) -> DeploymentState:
        """Load a revision beside the live one. Raises ArtifactRejected with the cause when its module does not load."""
        return await self._change("PUT", f"/deployments/{deployment_id}/revisions/{bundle.revision}", bundle)

    async def unload(self, deployment_id: str, revision: int) -> None:
        await self._control("DELETE", f"/deployments/{deployment_id}/revisions/{revision}")

    async def go_live(self, deployment_id: str, request: LiveRequest) -> DeploymentState:
        return await self._change("PUT", f"/deployments/{deployment_id}/live", request)

    async def set_keys(self, deployment_id: str, keys: KeysRequest) -> DeploymentState:
        return await self._change("PUT", f"/deployments/{deployment_id}/keys", keys)

    async def remove(self, deployment_id: str) -> None:
        """Drain and forget a deployment; one that is not there is fine."""
        await self._control("DELETE", f"/deployments/{deployment_id}")

    async def logs(self, after: int, limit: int) -> LogBatch:
        """The lines after a cursor, oldest first. Raises as ``state`` does, GatewayError for what is no batch."""
        answer = await self._control("GET", f"/logs?after={after}&limit={limit}", limits=STATE_TIMEOUT)
        try:
            return LogBatch.model_validate_json(answer)
        except ValidationError as error:
            raise GatewayError(f"{self.url} answered with something else than log lines.") from error

    async def calls(self, after: int, limit: int) -> CallBatch:
        """The calls after a cursor, oldest first. Raises as ``state`` does, GatewayError for what is no batch."""
        answer = await self._control("GET", f"/requests?after={after}&limit={limit}", limits=STATE_TIMEOUT)
        try:
            return CallBatch.model_validate_json(answer)
        except ValidationError as error:
            raise GatewayError(f"{self.url} answered with something else than calls.") from error

    async def execute(self, name: str, inputs: dict[str, Any], revision: int, seconds: float) -> dict[str, Any]:
        """One real call through the API channel, answered by that revision. Returns the agent's output object."""
        path = f"/workflows/{name}/execute"
        answer = await self._call("POST", path, {"inputs": inputs}, {REVISION_HEADER: str(revision)}, seconds)
        try:
            return answer.json()["outputs"]["agent"]["result"]
        except (ValueError, KeyError, TypeError) as error:
            raise GatewayError(f"{path} answered {answer.text[:200]!r}, which is not a workflow's answer.") from error

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
        _result_of(answer, path)
        if session := answer.headers.get("mcp-session-id"):
            headers["Mcp-Session-Id"] = session
        headers["MCP-Protocol-Version"] = MCP_PROTOCOL
        await request("notifications/initialized", {}, None)
        try:
            tools = [tool["name"] for tool in _result_of(await request("tools/list", {}, 2), path)["tools"]]
            if name not in tools:
                raise GatewayError(f"{path} lists the tools {tools}, without {name}.")
            result = _result_of(await request("tools/call", {"name": name, "arguments": inputs}, 3), path)
        finally:
            if session:
                await self._call("DELETE", path, None, headers, seconds)
        if result.get("isError"):
            raise GatewayError(f"The tool answered an error: {_text_of(result)}")
        return result["structuredContent"]

    async def _change(self, method: str, path: str, body: BaseModel) -> DeploymentState:
        answer = await self._control(method, path, body.model_dump_json())
        try:
            return DeploymentState.model_validate_json(answer)
        except ValidationError as error:
            raise GatewayError(f"{self.url} answered {method} {path} with something else than a state.") from error

    async def _control(
        self, method: str, path: str, body: str | None = None, limits: httpx.Timeout = CONTROL_TIMEOUT
    ) -> bytes:
        headers = {**self._headers, "Content-Type": "application/json"}
        if self._installation:
            headers[INSTALLATION_HEADER] = self._installation
        retrying = AsyncRetrying(
            retry=retry_if_exception_type((httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError)),
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.1, max=1.0),
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    answer = await self._send(method, CONTROL_PREFIX + path, body, headers, limits)
        except httpx.HTTPError as error:
            raise GatewayUnreachable(_unreachable(self.url, error)) from error
        if answer.status_code == 404 and method == "DELETE":
            return b""
        _raise_for(answer, self.url)
        return answer.content

    async def ask(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str], seconds: float
    ) -> httpx.Response:
        """Whatever is answered, errors too. Raises GatewayUnreachable, or GatewayError ``timeout``."""
        content = None if body is None else json.dumps(body)
        headers = {**self._headers, **headers, "Content-Type": "application/json"}
        try:
            return await self._send(method, path, content, headers, httpx.Timeout(seconds, connect=2.0))
        except httpx.TimeoutException as error:
            raise GatewayError(f"{path} did not answer within {seconds:g} s.", code="timeout") from error
        except httpx.HTTPError as error:
            raise GatewayUnreachable(_unreachable(self.url, error)) from error

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str], seconds: float
    ) -> httpx.Response:
        answer = await self.ask(method, path, body, headers, seconds)
        _raise_for(answer, self.url)
        return answer

    async def _send(
        self, method: str, path: str, body: str | None, headers: dict[str, str], limits: httpx.Timeout
    ) -> httpx.Response:
        request = self._http.build_request(method, self.url + path, content=body, headers=headers, timeout=limits)
        answer = await self._http.send(request, stream=True)
        try:
            content = b""
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > ANSWER_LIMIT:
                    raise GatewayError(f"{self.url}{path} answered with more than {ANSWER_LIMIT >> 20} MB.")
        finally:
            await answer.aclose()
        headers = {k: v for k, v in answer.headers.items() if k not in ("content-encoding", "content-length")}
        return httpx.Response(answer.status_code, headers=headers, content=content, request=request)


def _unreachable(url: str, error: httpx.HTTPError) -> str:
    cause = "it did not answer in time" if isinstance(error, httpx.TimeoutException) else str(error) or "no connection"
    return f"Nothing usable answers at {url} ({cause}). Is the gateway running, and is the address right?"


def _raise_for(answer: httpx.Response, url: str) -> None:
    """Turn an answer that is not a success into the error that fits; the gateway's own words are kept, bounded."""
    if answer.is_success:
        return
    try:
        problem = answer.json()
        detail, code = str(problem["detail"])[:2000], str(problem["code"])
        errors = [Fault(str(fault["path"]), str(fault["message"])) for fault in problem.get("errors", [])[:20]]
    except (ValueError, KeyError, TypeError):
        raise GatewayRefused(
            f"{url} answers (status {answer.status_code}), but it is not a Nexdeck gateway. Check the address and port."
        ) from None
    if answer.status_code == 401:
        raise GatewayRefused(f"{url} refused the token. Enter the token that the gateway was started with.")
    kind = {"artifact_rejected": ArtifactRejected, "name_taken": Conflict}.get(code, GatewayError)
    raise kind(detail, code=code, errors=errors)


def _result_of(answer: httpx.Response, path: str) -> dict[str, Any]:
    """The result in a JSON-RPC answer, whether it came as JSON or as a server-sent event."""
    text = answer.text
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        text = next((line[5:] for line in text.splitlines() if line.startswith("data:")), "")
    try:
        message = json.loads(text)
        if "error" in message:
            raise GatewayError(f"{path} answered: {message['error'].get('message')}")
        return message["result"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GatewayError(f"{path} answered {text[:200]!r}, which is not MCP.") from error


def _text_of(result: dict[str, Any]) -> str:
    return " ".join(str(part.get("text", "")) for part in result.get("content", []))[:2000]
