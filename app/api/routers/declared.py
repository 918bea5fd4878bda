"""Deployments as text: what was declared is applied, and what there is is written in the same form."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from nexdeck.app.api.answers import operation_shape
from nexdeck.app.api.parameters import Body, Caller, Services
from nexdeck.app.api.schemas.deployments import OperationShape
from nexdeck.services.declared.service import AppliedChange
from nexdeck.services.rules.declared import Action, PlannedChange

router = APIRouter(prefix="/v1", tags=["declared deployments"])
YAML_TYPE = "application/yaml"


class Declared(Body):
    source: str = Field(description="YAML: documents that each are a deployment, or have a list `deployments`")
    dry_run: bool = Field(default=False, description="only plan")
    allow_breaking: bool = Field(default=False, description="go ahead although callers of today would break")
    prune: bool = Field(default=False, description="undeploy what was not declared")


class PlannedShape(BaseModel):
    action: Action
    name: str
    gateway: str
    why: str = Field(description="what differs, for people")
    declared: bool = Field(description="false for what there is and the source does not name")


class AppliedShape(PlannedShape):
    succeeded: bool
    error: str | None
    operation: OperationShape | None = Field(description="null when it was refused or never begun, as `error` tells")
    key: str | None = Field(description="an invocation key that was made just now: it is shown only once")


class ApplyShape(BaseModel):
    plan: list[PlannedShape]
    changes: list[AppliedShape] = Field(description="what became of each planned action that is not `none`")


@router.post("/apply")
async def apply(studio: Services, actor: Caller, body: Declared) -> ApplyShape:
    """Make the deployments what was declared, and wait for the end. A fault anywhere, and nothing at all is done."""
    plan = await studio.declared.plan(body.source, prune=body.prune, allow_breaking=body.allow_breaking, actor=actor)
    applied = [] if body.dry_run else await studio.declared.apply(plan, allow_breaking=body.allow_breaking, actor=actor)
    return ApplyShape(plan=[PlannedShape(**_planned(each)) for each in plan], changes=[_applied(e) for e in applied])


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {YAML_TYPE: {"schema": {"type": "object"}}}}},
)
async def export(studio: Services, actor: Caller) -> Response:
    """All deployments as YAML that `apply` takes. Names of secrets are in it, values are not."""
    return Response((await studio.declared.export(actor=actor)).encode(), media_type=YAML_TYPE)


def _planned(change: PlannedChange) -> dict[str, Any]:
    names = ("action", "name", "gateway", "why")
    return {name: getattr(change, name) for name in names} | {"declared": change.wanted is not None}


def _applied(change: AppliedChange) -> AppliedShape:
    return AppliedShape(
        **_planned(change.planned),
        succeeded=change.succeeded,
        error=change.error,
        operation=change.operation and operation_shape(change.operation),
        key=change.key,
    )
