"""The calls that a deployment answered, as far back as they are kept."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from nexdeck.app.api.parameters import Caller, Reference, Services, Time
from nexdeck.app.api.patterns import LINE_PATTERN
from nexdeck.app.api.schemas.calls import RequestDetailShape, RequestListing, request_detail, request_shape
from nexdeck.models.choices import Channel
from nexdeck.services.calls.service import CLASSES, MOST_CALLS, CallQuery

router = APIRouter(prefix="/v1/deployments/{deployment}/requests", tags=["requests"])
StatusClass = StrEnum("StatusClass", {name: name for name in CLASSES})
REQUEST_PATTERN = r"^[A-Za-z0-9._-]{1,128}$"
RequestReference = Annotated[str, Path(pattern=REQUEST_PATTERN, description="an id of the list, or a request id")]
Number = Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$", description="next_cursor of the page before")]


def _query(
    outcome: Annotated[
        StatusClass | None, Query(description="ok; failed: refused (4xx, and callers that went) or broken (5xx)")
    ] = None,
    status: Annotated[int | None, Query(ge=100, le=999, description="exactly this status")] = None,
    channel: Channel | None = None,
    revision: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    key: Annotated[
        str | None, Query(max_length=128, pattern=LINE_PATTERN, description="a key's id, name or first characters")
    ] = None,
    min_ms: Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="milliseconds, at least")] = None,
    q: Annotated[
        str,
        Query(
            max_length=200, pattern=LINE_PATTERN, description="part of the request id, the code, the input or output"
        ),
    ] = "",
    since: Annotated[Time | None, Query(description="from this time on")] = None,
    until: Annotated[Time | None, Query(description="before this time")] = None,
) -> CallQuery:
    return CallQuery(status or outcome, channel, revision, key, min_ms, q, since, until)


Choice = Annotated[CallQuery, Depends(_query)]


@router.get("")
async def list_requests(
    studio: Services,
    actor: Caller,
    deployment: Reference,
    query: Choice,
    limit: Annotated[int, Query(ge=1, le=MOST_CALLS, description="how many at most")] = 50,
    cursor: Number = None,
) -> RequestListing:
    """The newest calls that fit."""
    before = int(cursor) if cursor is not None else None
    page = await studio.calls.list(deployment, query, limit=limit, before=before, actor=actor)
    items = [request_shape(call) for call in page.calls]
    return RequestListing(items=items, next_cursor=page.next_cursor and str(page.next_cursor))


@router.get("/{request}")
async def get_request(
    studio: Services, actor: Caller, deployment: Reference, request: RequestReference
) -> RequestDetailShape:
    """One call, with its input and output where the deployment's options had them kept."""
    return request_detail(await studio.calls.get(deployment, request, actor=actor))
