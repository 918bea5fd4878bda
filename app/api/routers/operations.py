"""Operations: changes under way, and how they ended."""

from fastapi import APIRouter

from nexdeck.app.api.answers import operation_shape
from nexdeck.app.api.parameters import Caller, Reference, Services, Wait
from nexdeck.app.api.schemas.deployments import OperationShape

router = APIRouter(prefix="/v1/operations", tags=["operations"])


@router.get("/{operation}")
async def get_operation(studio: Services, actor: Caller, operation: Reference, wait: Wait = 0) -> OperationShape:
    """Its steps so far; with `wait` the answer comes when it ended or the seconds passed."""
    if wait:
        return operation_shape(await studio.deployments.wait(operation, wait, actor=actor))
    return operation_shape(await studio.deployments.operation(operation, actor=actor))
