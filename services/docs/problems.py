"""What can go wrong with a call of a deployment: each status and code, when it is answered, how it looks. Pure."""

from http import HTTPStatus
from typing import Any

from nexdeck.models.control import REQUEST_ID_HEADER
from nexdeck.models.manifest import Limits
from nexdeck.models.problem import FieldError, Problem
from nexdeck.services.docs.interface import CallerInterface

PROBLEM_TYPE = "application/problem+json"
WITH_WAIT = frozenset({"rate_limited", "too_many_calls", "starting", "restoring", "agent_stuck"})  # have Retry-After
REQUEST_ID = {REQUEST_ID_HEADER: {"schema": {"type": "string"}, "description": "the id of this call"}}


def problems_of(interface: CallerInterface) -> dict[int, list[tuple[str, str]]]:
    """Each error status with its codes, and when each is answered."""
    limits = interface.limits
    found: dict[int, list[tuple[str, str]]] = {
        400: [("not_json", "The body is not JSON. Its content type does not matter.")],
        401: [("unauthorized", "The key is missing, wrong, expired or revoked.")] if interface.require_key else [],
        403: [("foreign_origin", "The call comes from a web page of another origin.")],
        404: [("not_deployed", "It is stopped or was undeployed.")],
        413: [("too_large", f"The body is larger than {_size(limits)}.")],
        421: [("foreign_host", "The Host header is not a name of the gateway.")],
        422: [("invalid_input", "The inputs do not fit their schema; errors names each place.")],
        500: [
            ("agent_failed", "The agent's code raised an error; detail has its words."),
            ("internal_error", "The gateway failed."),
        ],
        502: [
            ("invalid_output", "The agent's output does not fit its schema."),
            ("model_failed", "The language model refused or failed."),
        ],
        503: [
            ("starting", "The gateway is starting."),
            ("restoring", "The gateway is restoring its deployments after a restart."),
            ("not_restored", "It could not be restored after a restart of the gateway."),
            ("not_configured", "The language model lacks its key or address."),
            ("agent_stuck", "Too many earlier calls never ended."),
        ],
        504: [("timeout", f"The agent did not answer within {limits.timeout_seconds:g} s.")],
    }
    if limits.rate_limit_per_minute:
        found[429] = [("rate_limited", f"More than {limits.rate_limit_per_minute:,} calls a minute.")]
    if limits.max_concurrency:
        found[503].insert(0, ("too_many_calls", f"More than {limits.max_concurrency:,} calls at once."))
    return {status: found[status] for status in sorted(found) if found[status]}


def limit_words(interface: CallerInterface) -> list[str]:
    limits = interface.limits
    words = [f"An answer takes at most {limits.timeout_seconds:g} s."]
    if limits.rate_limit_per_minute:
        words.append(f"At most {limits.rate_limit_per_minute:,} calls a minute.")
    if limits.max_concurrency:
        words.append(f"At most {limits.max_concurrency:,} calls at once.")
    if limits.max_request_kb:
        words.append(f"A request has at most {_size(limits)}.")
    return words


def _size(limits: Limits) -> str:
    return f"{limits.max_request_kb:,} kB" if limits.max_request_kb else "20 MB"


def problem_responses(interface: CallerInterface) -> dict[str, Any]:
    """Each error answer as OpenAPI describes it, with an example of each code."""
    return {str(status): _response(status, codes) for status, codes in problems_of(interface).items()}


def _response(status: int, codes: list[tuple[str, str]]) -> dict[str, Any]:
    headers: dict[str, Any] = dict(REQUEST_ID)
    if {code for code, _ in codes} & WITH_WAIT:
        waits = {"description": "seconds after which to try again", "schema": {"type": "integer", "minimum": 1}}
        headers["Retry-After"] = waits
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"description": "how to send the key", "schema": {"type": "string"}}
    examples = {code: {"summary": meaning, "value": _example(status, code, meaning)} for code, meaning in codes}
    return {
        "description": "\n".join(f"- `{code}`: {meaning}" for code, meaning in codes),
        "headers": headers,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    }


def _example(status: int, code: str, meaning: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    problem = Problem(title=title, status=status, detail=meaning, code=code, request_id="5f1c0e9d7a3b4268")
    if code == "invalid_input":
        problem.errors = [FieldError(path="inputs.text", message="is required")]
    return problem.model_dump(mode="json")
