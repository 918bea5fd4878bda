"""Recorded calls made again, to see what a revision would change for callers."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from nexdeck.app.api.parameters import Body, Caller, Reference, Services, Wait
from nexdeck.app.api.patterns import LABEL_PATTERN
from nexdeck.app.api.routers.calls import REQUEST_PATTERN
from nexdeck.app.api.schemas.replays import ReplayShape
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.calls.replays import MOST_CALLS, ReplayRequest

router = APIRouter(prefix="/v1/deployments/{deployment}/replays", tags=["requests"])
ReplayId = Annotated[str, Path(pattern=r"^rpl_[0-9a-f]{16}$", description="a replay's id")]
CallId = Annotated[str, Field(pattern=REQUEST_PATTERN)]


class NewReplay(Body):
    requests: list[CallId] = Field(default_factory=list, max_length=MOST_CALLS, description="none: the last ones")
    last: int = Field(default=20, ge=1, le=MOST_CALLS, description="how many, the newest that can be made again")
    version: str | None = Field(default=None, pattern=LABEL_PATTERN, description="as a redeploy of it would run")
    options: DeploymentOptions | None = Field(default=None, description="with these options; none: as they are")
    revision: int | None = Field(default=None, ge=1, lt=2**31, description="one that there is; none: the live one")
    with_live: bool = Field(default=False, description="make each call on the live revision too")


@router.post("", status_code=202)
async def start_replay(
    studio: Services, actor: Caller, deployment: Reference, body: NewReplay, response: Response, wait: Wait = 0
) -> ReplayShape:
    """Make recorded calls again. They are real: whatever the agent does, it does again. Nothing is switched, and they
    count neither as traffic nor for health."""
    request = ReplayRequest(body.requests, body.last, body.version, body.options, body.revision, body.with_live)
    replay = await studio.replays.start(deployment, request, actor=actor)
    response.headers["Location"] = f"/api/v1/deployments/{deployment}/replays/{replay.id}"
    return ReplayShape.model_validate(await studio.replays.wait(replay, wait))


@router.get("/{replay}")
async def get_replay(
    studio: Services, actor: Caller, deployment: Reference, replay: ReplayId, wait: Wait = 0
) -> ReplayShape:
    """How far it is, and what came back. Only the last few replays are kept, until a restart of Nexdeck."""
    return ReplayShape.model_validate(
        await studio.replays.wait(await studio.replays.get(deployment, replay, actor=actor), wait)
    )


@router.post("/{replay}/cancel")
async def cancel_replay(studio: Services, actor: Caller, deployment: Reference, replay: ReplayId) -> ReplayShape:
    """End it; what it loaded takes no more calls when this answers. One that has ended stays as it is."""
    return ReplayShape.model_validate(await studio.replays.cancel(deployment, replay, actor=actor))
