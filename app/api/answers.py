"""A deployment and its changes as JSON, drawn together from what the services know."""

from typing import Any

from fastapi import Response

from nexdeck.app.api.schemas.deployments import (
    ChangeShape,
    DeploymentRowShape,
    DeploymentShape,
    OperationShape,
    OperationStepShape,
)
from nexdeck.models.actor import Actor
from nexdeck.services.deployments.journal import OperationDetail
from nexdeck.services.deployments.views import DeploymentDetail, DeploymentSummary
from nexdeck.services.rollout.service import Change
from nexdeck.services.studio import Studio


def operation_shape(detail: OperationDetail) -> OperationShape:
    steps = [OperationStepShape.model_validate(step) for step in detail.steps]
    return OperationShape(**detail.operation.model_dump(), steps=steps)


def deployment_row(summary: DeploymentSummary) -> DeploymentRowShape:
    return DeploymentRowShape(**_row_fields(summary, summary.operation))


def deployment_shape(detail: DeploymentDetail) -> DeploymentShape:
    return DeploymentShape(
        **_row_fields(detail.summary, detail.operation),
        channels=detail.options.channels,
        options=detail.options,
        input_schema=detail.artifact.input_schema,
        output_schema=detail.artifact.output_schema,
        sample=detail.options.sample_input or detail.artifact.sample,
    )


async def change_answer(studio: Studio, actor: Actor, change: Change, wait: float, response: Response) -> ChangeShape:
    """The answer to an accepted change, after its operation ended or ``wait`` seconds passed."""
    operation_id = change.operation.operation.id
    operation = await studio.deployments.wait(operation_id, wait, actor=actor) if wait else change.operation
    detail = await studio.deployments.overview(change.deployment.id, actor=actor)
    response.headers["Location"] = f"/api/v1/operations/{operation_id}"
    return ChangeShape(deployment=deployment_shape(detail), operation=operation_shape(operation), key=change.key)


def _row_fields(summary: DeploymentSummary, operation: OperationDetail | None) -> dict[str, Any]:
    deployment = summary.deployment
    return deployment.model_dump() | {
        "avg_latency_ms": deployment.avg_latency_ms,
        "agent": summary.agent_name,
        "kind": summary.kind,
        "gateway": summary.gateway_name,
        "operation": operation and operation_shape(operation),
    }
