"""What gateways answer, turned into results and into the errors that fit."""

import json
from typing import Any

import httpx

from nexdeck.services.errors import (
    ArtifactRejected,
    Conflict,
    Fault,
    GatewayError,
    OutcomeUnknown,
    StudioError,
    TokenRefused,
)
from nexdeck.services.gateways.transport import ConnectionForbidden

COMING_UP = frozenset({"starting", "restoring"})  # codes of a gateway that will serve in a moment


def unreachable(url: str, error: httpx.HTTPError) -> str:
    if isinstance(error, ConnectionForbidden):
        return f"{url} is not connected to. {error}"
    cause = "it did not answer in time" if isinstance(error, httpx.TimeoutException) else str(error) or "no connection"
    if url.startswith("http:") and isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        cause += "; if it serves HTTPS, begin the address with https://"
    return f"Nothing usable answers at {url} ({cause}). Is the gateway running, and is the address right?"


def raise_for(answer: httpx.Response, url: str, orphan: type[StudioError]) -> None:
    """Turn an answer that is not a success into the error that fits; the gateway's own words are kept, bounded.

    ``orphan`` is raised for what no gateway of Nexdeck would answer.
    """
    if answer.is_success:
        return
    try:
        problem = answer.json()
        detail, code = str(problem["detail"])[:2000], str(problem["code"])
        errors = [Fault(str(fault["path"]), str(fault["message"])) for fault in problem.get("errors", [])[:20]]
    except (ValueError, KeyError, TypeError):
        raise orphan(
            f"{url} answers (status {answer.status_code}), but it is not a Nexdeck gateway. Check the address and port."
        ) from None
    if answer.status_code == 401:
        raise TokenRefused(f"{url} refused the token. Enter the token that the gateway was started with.")
    kind = {"artifact_rejected": ArtifactRejected, "name_taken": Conflict}.get(code, GatewayError)
    raise kind(detail, code=code, errors=errors)


def problem_code(answer: httpx.Response) -> str | None:
    """The gateway's name for what went wrong; None where it named nothing."""
    if answer.is_success:
        return None
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return None


def result_of(answer: httpx.Response, path: str) -> dict[str, Any]:
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
        raise OutcomeUnknown(f"{path} answered {text[:200]!r}, which is not MCP.") from error


def text_of(result: dict[str, Any]) -> str:
    return " ".join(str(part.get("text", "")) for part in result.get("content", []))[:2000]
