"""Logs of a deployment: read, searched, downloaded, and followed."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from nexdeck.app.api.log_text import as_events, as_json_lines, as_text
from nexdeck.app.api.parameters import Caller, Reference, Services, Time
from nexdeck.app.api.patterns import LINE_PATTERN
from nexdeck.app.api.schemas.logs import LogLineShape, LogListing, OrchestrationStepShape
from nexdeck.models.actor import Actor
from nexdeck.models.log import LogEntry, LogLevel
from nexdeck.services.logs.service import MOST_LINES, LogQuery
from nexdeck.services.studio import Studio

router = APIRouter(prefix="/v1/deployments/{deployment}/logs", tags=["logs"])
HEARTBEAT_SECONDS = 10.0
TEXT, JSON_LINES, EVENTS = "text/plain; charset=utf-8", "application/jsonl", "text/event-stream"
MISSED = b'event: dropped\ndata: {"detail":"You read too slowly: lines were let go. Read them from the history."}\n\n'
ENDED = b'event: end\ndata: {"detail":"Nexdeck is stopping. Connect again in a moment."}\n\n'


class LogFormat(StrEnum):
    JSON = "json"
    JSON_LINES = "jsonl"
    TEXT = "text"


Level = Annotated[LogLevel | None, Query(description="lines of this level or above")]
Words = Annotated[
    str, Query(max_length=200, pattern=LINE_PATTERN, description="words that are in the line, each from its beginning")
]
RequestId = Annotated[str | None, Query(pattern=r"^[\x21-\x7e]{1,128}$", description="lines of this request")]
OneRequest = Annotated[str, Query(pattern=r"^[\x21-\x7e]{1,128}$", description="the X-Request-ID of the call's answer")]
Line = Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$", description="next_cursor of the page before")]
Lines = Annotated[int, Query(ge=1, le=MOST_LINES, description="how many lines at most")]
LastEvent = Annotated[str | None, Header(pattern=r"^[0-9]{1,15}$", description="the last line that you have")]


def _query(
    level: Level = None,
    q: Words = "",
    request_id: RequestId = None,
    since: Annotated[Time | None, Query(description="from this time on")] = None,
    until: Annotated[Time | None, Query(description="before this time")] = None,
) -> LogQuery:
    return LogQuery(level, q, request_id, since, until)


Choice = Annotated[LogQuery, Depends(_query)]


@router.get("/steps")
async def list_steps(
    studio: Services, actor: Caller, deployment: Reference, request_id: OneRequest
) -> list[OrchestrationStepShape]:
    """The steps of an orchestration that one request went through: what ran when, for how long, and what failed."""
    return [
        OrchestrationStepShape.model_validate(step)
        for step in await studio.logs.steps(deployment, request_id, actor=actor)
    ]


@router.get(
    "",
    response_model=LogListing,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}, JSON_LINES: {}}}},
)
async def list_logs(
    studio: Services,
    actor: Caller,
    deployment: Reference,
    query: Choice,
    limit: Lines = 100,
    cursor: Line = None,
    format: Annotated[LogFormat, Query(description="text and jsonl: every line that fits, as a file")] = LogFormat.JSON,
) -> LogListing | Response:
    """The newest lines that fit."""
    if format is not LogFormat.JSON:
        return await _download(studio, actor, deployment, query, format)
    before = int(cursor) if cursor is not None else None
    page = await studio.logs.history(deployment, query, limit=limit, before=before, actor=actor)
    items = [LogLineShape.model_validate(line) for line in page.lines]
    return LogListing(items=items, next_cursor=page.next_cursor and str(page.next_cursor))


@router.get("/stream", response_class=Response, responses={200: {"content": {EVENTS: {"schema": {"type": "string"}}}}})
async def stream_logs(
    studio: Services,
    actor: Caller,
    deployment: Reference,
    level: Level = None,
    q: Words = "",
    request_id: RequestId = None,
    lines: Annotated[int, Query(ge=0, le=MOST_LINES, description="how many earlier lines to begin with")] = 50,
    last_event_id: LastEvent = None,
) -> Response:
    """Follow the log: server-sent events, each with one line as JSON; what comes between are heartbeats.

    Whoever comes back with `Last-Event-ID` gets what arrived meanwhile. Whoever reads too slowly gets the event
    `dropped`, and at a shutdown everybody gets `end`; after either the stream is over.
    """
    query = LogQuery(level, q, request_id)
    query.matcher()  # what is wrong with the query is told before the stream begins
    row = await studio.deployments.get(deployment, actor=actor)
    seen = int(last_event_id) if last_event_id is not None else None
    events = _follow(studio, actor, row.id, query, lines, seen)
    return StreamingResponse(
        events, media_type=EVENTS, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


async def _follow(
    studio: Studio, actor: Actor, deployment_id: str, query: LogQuery, lines: int, seen: int | None
) -> AsyncIterator[bytes]:
    fits = query.matcher()
    subscription = await studio.logs.subscribe(deployment_id, actor=actor)
    try:
        yield b": follows\n\n"
        last = seen or 0
        if begin := await _earlier(studio, actor, deployment_id, query, lines, seen):
            last = max(line.id for line in begin)
            yield as_events(begin)
        while not subscription.closed:
            arrived = await subscription.take(HEARTBEAT_SECONDS)
            if subscription.missed:
                yield MISSED
                return
            yield as_events(line for line in arrived if line.id > last and fits(line)) or b": still here\n\n"
        yield ENDED
    finally:
        studio.logs.unsubscribe(subscription)


async def _earlier(
    studio: Studio, actor: Actor, deployment_id: str, query: LogQuery, lines: int, seen: int | None
) -> list[LogEntry]:
    """What a stream begins with: what came after the line that was seen last, else the newest ``lines``."""
    if seen is None and lines == 0:
        return []
    page = await studio.logs.history(deployment_id, query, limit=lines if seen is None else MOST_LINES, actor=actor)
    return [line for line in page.lines if line.id > (seen or 0)]


async def _download(studio: Studio, actor: Actor, deployment: str, query: LogQuery, format: LogFormat) -> Response:
    row = await studio.deployments.get(deployment, actor=actor)
    chunks = studio.logs.export(row.id, query, actor=actor)
    first = await anext(chunks, [])  # what is wrong with the query is told before the file begins
    write, kind, suffix = (as_text, TEXT, "log") if format is LogFormat.TEXT else (as_json_lines, JSON_LINES, "jsonl")

    async def parts() -> AsyncIterator[bytes]:
        yield write(first)
        async for chunk in chunks:
            yield write(chunk)

    headers = {
        "Content-Disposition": f'attachment; filename="{row.name}.{suffix}"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(parts(), media_type=kind, headers=headers)
