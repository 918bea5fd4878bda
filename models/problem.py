"""The problem document that says what is wrong with a request, and where."""

from pydantic import BaseModel, Field


class FieldError(BaseModel):
    path: str = Field(description="where, as a dotted path: `inputs.items.0.price`")
    message: str


class Problem(BaseModel):
    """RFC 9457 problem document, as every error of a gateway and of the REST API looks (application/problem+json)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="a stable name for scripts, e.g. `invalid_input`, `agent_failed`, `timeout`")
    request_id: str | None = None
    errors: list[FieldError] = Field(default_factory=list)
