"""Deployments: what is deployed, and the changes of it. A change answers 202 with the operation that carries it out."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from nexdeck.app.api.answers import change_answer, deployment_row, deployment_shape
from nexdeck.app.api.parameters import (
    Body,
    Caller,
    Cursor,
    Limit,
    Reference,
    ReferenceFilter,
    SearchText,
    Services,
    Wait,
)
from nexdeck.app.api.patterns import LABEL_PATTERN, REFERENCE_PATTERN
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.deployments import CanaryShape, ChangeShape, DeploymentRowShape, DeploymentShape
from nexdeck.models.deployment import DeploymentStatus, HealthState
from nexdeck.models.manifest import NAME_PATTERN
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.deployments.views import SORTS, DeploymentQuery

router = APIRouter(prefix="/v1/deployments", tags=["deployments"])
Sort = StrEnum("Sort", {key: key for field in SORTS for key in (field, f"-{field}")})
NEWEST_FIRST = Sort("-updated_at")


class NewDeployment(Body):
    agent: str = Field(pattern=REFERENCE_PATTERN, description="an agent's id or name")
    version: str | None = Field(default=None, pattern=LABEL_PATTERN, description="none: the newest")
    gateway: str | None = Field(default=None, pattern=REFERENCE_PATTERN, description="an id or a name; none: `local`")
    name: str | None = Field(default=None, pattern=NAME_PATTERN, description="none: the agent's name")
    dedicated: bool = Field(default=False, description="on a new gateway of its name, which comes and goes with it")
    options: DeploymentOptions | None = None


class Redeployment(Body):
    version: str | None = Field(default=None, pattern=LABEL_PATTERN, description="none: the newest")
    options: DeploymentOptions | None = Field(default=None, description="none: as they are")
    reason: str = Field(default="", max_length=1000, description="for the history")
    allow_breaking: bool = Field(default=False, description="go ahead although callers of today would break")


@router.get("")
async def list_deployments(
    studio: Services,
    actor: Caller,
    q: SearchText = "",
    status: Annotated[DeploymentStatus | None, Query()] = None,
    health: Annotated[HealthState | None, Query()] = None,
    gateway: ReferenceFilter = None,
    agent: ReferenceFilter = None,
    sort: Annotated[Sort, Query(description="a minus in front turns it round")] = NEWEST_FIRST,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Listing[DeploymentRowShape]:
    query = DeploymentQuery(
        q=q, status=status, health=health, gateway=gateway, agent=agent, sort=sort, limit=limit, cursor=cursor
    )
    page = await studio.deployments.list(query, actor=actor)
    return Listing.page(page, [deployment_row(item) for item in page.items])


@router.post("", status_code=202)
async def deploy(
    studio: Services, actor: Caller, body: NewDeployment, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Deploy an agent's version to a gateway. It says "running" once every chosen channel answered a real call."""
    change = await studio.deployments.request_deploy(
        body.agent,
        body.version,
        body.gateway,
        name=body.name,
        options=body.options,
        dedicated=body.dedicated,
        actor=actor,
    )
    return await change_answer(studio, actor, change, wait, response)


@router.get("/{deployment}")
async def get_deployment(studio: Services, actor: Caller, deployment: Reference) -> DeploymentShape:
    return deployment_shape(await studio.deployments.overview(deployment, actor=actor))


@router.delete("/{deployment}", status_code=202)
async def undeploy(
    studio: Services, actor: Caller, deployment: Reference, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Remove it from its gateway for good; its history stays."""
    return await change_answer(
        studio, actor, await studio.deployments.undeploy(deployment, actor=actor), wait, response
    )


@router.post("/{deployment}/stop", status_code=202)
async def stop(
    studio: Services, actor: Caller, deployment: Reference, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Take it off its gateway; `start` brings it back."""
    return await change_answer(studio, actor, await studio.deployments.stop(deployment, actor=actor), wait, response)


@router.post("/{deployment}/start", status_code=202)
async def start(
    studio: Services, actor: Caller, deployment: Reference, response: Response, wait: Wait = 0
) -> ChangeShape:
    return await change_answer(studio, actor, await studio.deployments.start(deployment, actor=actor), wait, response)


@router.post("/{deployment}/restart", status_code=202)
async def restart(
    studio: Services, actor: Caller, deployment: Reference, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Load the same revision afresh, with the secrets as they are now; it is away for the moment between."""
    return await change_answer(studio, actor, await studio.deployments.restart(deployment, actor=actor), wait, response)


@router.post("/{deployment}/redeploy", status_code=202)
async def redeploy(
    studio: Services,
    actor: Caller,
    deployment: Reference,
    response: Response,
    body: Redeployment | None = None,
    wait: Wait = 0,
) -> ChangeShape:
    """Put another version or other options live beside what runs; the old one serves until the new one is proven.

    What would break callers is refused with `breaking_change` and an error for each such change, unless it is allowed.
    """
    body = body or Redeployment()
    change = await studio.deployments.redeploy(
        deployment,
        version=body.version,
        options=body.options,
        reason=body.reason,
        allow_breaking=body.allow_breaking,
        actor=actor,
    )
    return await change_answer(studio, actor, change, wait, response)


@router.get("/{deployment}/canary")
async def get_canary(studio: Services, actor: Caller, deployment: Reference) -> CanaryShape:
    """How the canary that is under way does beside the live revision; 409 `no_canary` when none is."""
    return CanaryShape.model_validate(await studio.canaries.progress(deployment, actor=actor))


@router.post("/{deployment}/promote", status_code=202)
async def promote(
    studio: Services, actor: Caller, deployment: Reference, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Let the canary that is under way have all callers now; `cancel` gives it up instead."""
    return await change_answer(studio, actor, await studio.deployments.promote(deployment, actor=actor), wait, response)


@router.post("/{deployment}/cancel", status_code=202)
async def cancel(
    studio: Services, actor: Caller, deployment: Reference, response: Response, wait: Wait = 0
) -> ChangeShape:
    """Give up the operation that is under way."""
    return await change_answer(studio, actor, await studio.deployments.cancel(deployment, actor=actor), wait, response)
