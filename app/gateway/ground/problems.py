"""What a gateway answers when it cannot do what was asked: one exception, rendered in one place."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import Response

from nexdeck.models.problem import FieldError, Problem

MEDIA_TYPE = "application/problem+json"
LIMIT_CODES = frozenset({"too_many_calls", "rate_limited"})  # what a deployment's own limits refuse


class GatewayProblem(Exception):
    """A refusal or failure with its HTTP status and a stable ``code``; ``detail`` is shown to callers, never secret.

    ``status_code`` and ``body`` are what Nexus's own workflow API looks for to answer with a typed status.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def problem(self, request_id: str | None = None) -> Problem:
        title = HTTPStatus(self.status_code).phrase
        return Problem(
            title=title,
            status=self.status_code,
            detail=self.detail,
            code=self.code,
            request_id=request_id,
            errors=self.errors,
        )

    @property
    def body(self) -> dict:
        return self.problem().model_dump(mode="json")

    def response(self, request_id: str | None = None) -> Response:
        content = self.problem(request_id).model_dump_json()
        return Response(content, self.status_code, self.headers, media_type=MEDIA_TYPE)


def not_found(name: str) -> GatewayProblem:
    return GatewayProblem(404, "not_deployed", f"Nothing named {name!r} is deployed on this gateway.")


def unauthorized(what: str) -> GatewayProblem:
    detail = f"{what} needs a valid key: send it as `Authorization: Bearer KEY`."
    return GatewayProblem(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="nexdeck"'})


def busy(code: str, detail: str, *, status: int = 503, retry_after: float = 1.0) -> GatewayProblem:
    return GatewayProblem(status, code, detail, headers={"Retry-After": str(max(1, round(retry_after)))})
