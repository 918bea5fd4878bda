"""Calls of a deployment as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.services.calls.service import RecordedRequest


class CallKeyShape(Shape):
    id: str
    name: str
    prefix: str = Field(description="the first characters, to tell keys apart")


class RequestShape(BaseModel):
    id: str
    deployment_id: str
    time: datetime = Field(description="when it ended")
    channel: str
    revision: int
    status: int
    code: str | None = Field(description="of the error")
    milliseconds: float
    request_id: str = Field(description="as its caller was told; it leads to the lines of the log")
    key: CallKeyShape | None = Field(description="the deployment's key that it was made with")
    tokens_in: int | None = Field(description="that models read for it")
    tokens_out: int | None = Field(description="that models wrote for it")
    recorded: bool = Field(description="its input or output is kept")
    replayable: bool = Field(description="its whole input is kept as it was sent")


class RequestDetailShape(RequestShape):
    inputs: str | None = Field(description="as JSON text, without redacted fields and secrets; cut when it is long")
    outputs: str | None = Field(description="likewise")


class RequestListing(BaseModel):
    items: list[RequestShape] = Field(description="the newest first")
    next_cursor: str | None = Field(default=None, description="pass it as `cursor` for older ones; null on the last")


def request_shape(call: RecordedRequest) -> RequestShape:
    return RequestShape(**_fields(call))


def request_detail(call: RecordedRequest) -> RequestDetailShape:
    return RequestDetailShape(**_fields(call), inputs=call.inputs, outputs=call.outputs)


def _fields(call: RecordedRequest) -> dict[str, Any]:
    return call.entry._asdict() | {
        "id": call.id,
        "key": call.key and CallKeyShape.model_validate(call.key),
        "recorded": call.is_recorded,
        "replayable": call.can_be_replayed,
    }
