"""Every error of the REST API becomes an RFC 9457 problem document here, and nowhere else."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Scope

from nexdeck.app.api.patterns import LINE_PATTERN, REFERENCE_PATTERN
from nexdeck.models.manifest import NAME_PATTERN, VARIABLE_PATTERN
from nexdeck.models.problem import FieldError, Problem
from nexdeck.services.errors import StudioError

PROBLEM_TYPE = "application/problem+json"
MAX_BODY_BYTES = 2_000_000


class FaultyPlace(FieldError):
    line: int | None = Field(default=None, description="in an agent's source, counted from 1")
    column: int | None = Field(default=None, description="in an agent's source, counted from 1")


class RestProblem(Problem):
    """RFC 9457 problem document. ``code`` is stable and for scripts, ``detail`` is for people and says what to do."""

    errors: list[FaultyPlace] = Field(default_factory=list)


def install(api: FastAPI) -> None:
    api.add_exception_handler(StudioError, _studio_error)
    api.add_exception_handler(RequestValidationError, _invalid_request)
    api.add_exception_handler(HTTPException, _http_error)


def problem_response(
    status: int,
    title: str,
    detail: str,
    *,
    code: str,
    scope: Scope,
    errors: Iterable[FaultyPlace] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    request_id = scope.get("state", {}).get("request_id")
    problem = RestProblem(
        title=title, status=status, detail=detail, code=code, request_id=request_id, errors=list(errors)
    )
    body = json.dumps(problem.model_dump(exclude_none=True))  # escapes all but ASCII: hostile text cannot break it
    return Response(body, status, headers, PROBLEM_TYPE)


async def _studio_error(request: Request, error: StudioError) -> Response:
    places = [FaultyPlace(path=f.path, message=f.message, line=f.line, column=f.column) for f in error.errors]
    return problem_response(
        error.status, error.title, error.message, code=error.code, scope=request.scope, errors=places
    )


async def _invalid_request(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        where = _line_and_column(error.body, first["loc"][-1])
        detail = f"The body is not valid JSON: {first['ctx']['error']} (line {where[0]}, column {where[1]})."
        place = FaultyPlace(path="", message=first["ctx"]["error"], line=where[0], column=where[1])
        return problem_response(
            400, "The body is not JSON", detail, code="malformed_json", scope=request.scope, errors=[place]
        )
    if isinstance(error.body, bytes):
        detail = "Send the body as JSON with the header Content-Type: application/json."
        return problem_response(
            415, "The body's type is not supported", detail, code="unsupported_media_type", scope=request.scope
        )
    places = [FaultyPlace(path=_path(e["loc"]), message=_said(e)) for e in error.errors()]
    detail = "; ".join(f"{place.path}: {place.message}" if place.path else place.message for place in places[:3])
    return problem_response(
        422, "A value is not valid", detail, code="invalid_input", scope=request.scope, errors=places
    )


async def _http_error(request: Request, error: HTTPException) -> Response:
    headers = {"Allow": allowed_methods(request)} if error.status_code == 405 else error.headers
    return _in_words(error.status_code, request.scope, str(error.detail), headers)


def too_large(scope: Scope) -> Response:
    return _in_words(413, scope)


def _in_words(status: int, scope: Scope, detail: str = "", headers: Mapping[str, str] | None = None) -> Response:
    code, detail = _WORDS.get(status, (f"http_{status}", detail))
    title = HTTPStatus(status).phrase.capitalize()
    return problem_response(status, title, detail, code=code, scope=scope, headers=headers)


def allowed_methods(request: Request) -> str:
    """All methods of an address. Left alone, the Allow header has those of the first route there, and each of ours
    has one method."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    paths = request.app.openapi()["paths"]
    found = [paths[path]] if path in paths else [paths[known] for known in paths if compile_path(known)[0].match(path)]
    return ", ".join(sorted({method.upper() for item in found for method in item}))


_WORDS = {
    400: ("malformed_body", "The body could not be read: it must be well-formed and in UTF-8."),
    404: ("unknown_route", "There is nothing at this address; /api/docs lists what there is."),
    405: ("method_not_allowed", "This address does not take that method; the Allow header names those it takes."),
    413: ("body_too_large", f"The body is larger than {MAX_BODY_BYTES:,} bytes; send less."),
}


_PATTERNS = {
    NAME_PATTERN: "use lower-case letters, digits and hyphens, a letter first, 63 characters at most",
    REFERENCE_PATTERN: "it is neither a name nor an id: those are letters, digits, hyphens, dots and underscores",
    LINE_PATTERN: "use one line of printable characters",
    VARIABLE_PATTERN: "use letters, digits and underscores, no digit first, as environment variables have",
}


def _said(error: dict[str, Any]) -> str:
    """pydantic's message, but for what needs other words to be understood by people."""
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(error["ctx"]["pattern"], error["msg"])
    return error["msg"].removeprefix("Value error, ")


def _line_and_column(document: Any, position: int) -> tuple[int, int]:
    before = document[:position] if isinstance(document, str) else ""
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _path(location: tuple[int | str, ...]) -> str:
    """``("body", "options", "limits", 0)`` → ``options.limits.0``: where it stood matters, not in what."""
    return ".".join(str(part)[:100] for part in location[1:])
