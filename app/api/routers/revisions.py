"""Between revisions: what would change, what changed, and the way back."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from nexdeck.app.api.answers import change_answer
from nexdeck.app.api.parameters import Body, Caller, Reference, Services, Wait
from nexdeck.app.api.patterns import LABEL_PATTERN
from nexdeck.app.api.schemas.deployments import ChangeShape
from nexdeck.app.api.schemas.revisions import RevisionDiffShape

router = APIRouter(prefix="/v1/deployments/{deployment}", tags=["deployments"])
MOST_REVISIONS = 2**31 - 1
RevisionNumber = Annotated[int, Path(ge=1, le=MOST_REVISIONS, description="a revision's number")]


class Rollback(Body):
    revision: int | None = Field(
        default=None, ge=1, le=MOST_REVISIONS, description="none: the newest proven one before the live one"
    )
    reason: str = Field(min_length=1, max_length=500, description="for the history")


@router.post("/rollback", status_code=202)
async def roll_back(
    studio: Services, actor: Caller, deployment: Reference, body: Rollback, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Run again what an earlier revision ran, as a new revision. Breaking changes do not hold it up."""
    change = await studio.deployments.rollback(deployment, revision=body.revision, reason=body.reason, actor=actor)
    return await change_answer(studio, actor, change, wait, response)


@router.get("/diff")
async def diff_candidate(
    studio: Services,
    actor: Caller,
    deployment: Reference,
    version: Annotated[str | None, Query(pattern=LABEL_PATTERN, description="none: the newest")] = None,
) -> RevisionDiffShape:
    """What a redeploy of a version, with the options as they are, would change of what serves."""
    return RevisionDiffShape.model_validate(await studio.revisions.diff(deployment, to_version=version, actor=actor))


@router.get("/revisions/{a}/diff/{b}")
async def diff_revisions(
    studio: Services, actor: Caller, deployment: Reference, a: RevisionNumber, b: RevisionNumber
) -> RevisionDiffShape:
    """What going from revision `a` to revision `b` changes."""
    return RevisionDiffShape.model_validate(await studio.revisions.diff_revisions(deployment, a, b, actor=actor))
