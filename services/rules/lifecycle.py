"""How a deployment's status may change: one table, one setter."""

from nexdeck.models.deployment import Deployment, DeploymentStatus, OperationKind, OperationStatus, StatusChange
from nexdeck.services.errors import Conflict

PUTS_LIVE = set(OperationKind) - {OperationKind.STOP, OperationKind.UNDEPLOY}
PENDING, DEPLOYING, RUNNING, STOPPED, FAILED = DeploymentStatus

TRANSITIONS: dict[str, dict[DeploymentStatus, DeploymentStatus]] = {
    "requested": {PENDING: PENDING, STOPPED: PENDING, FAILED: PENDING},
    "begun": {PENDING: DEPLOYING, RUNNING: DEPLOYING, DEPLOYING: DEPLOYING},
    "resumed": {status: status for status in DeploymentStatus},
    "proven": {DEPLOYING: RUNNING},
    "failed": {PENDING: FAILED, DEPLOYING: FAILED},
    "kept the live revision": {DEPLOYING: RUNNING},
    "cancelled": {PENDING: STOPPED, DEPLOYING: STOPPED},
    "stopped": {PENDING: STOPPED, DEPLOYING: STOPPED, RUNNING: STOPPED, FAILED: STOPPED, STOPPED: STOPPED},
}


def transition(
    deployment: Deployment, event: str, *, by: str, message: str | None = None, operation_id: str | None = None
) -> StatusChange:
    """Set ``deployment.status`` to what ``event`` makes of it and return the row that records it.

    The only writer of ``status``. Raises Conflict when the event cannot happen in the present status. ``error_message``
    is set from ``message`` by a failure and cleared by everything else that changes the status.
    """
    before = deployment.status
    after = TRANSITIONS[event].get(before)
    if after is None:
        raise Conflict(f"{deployment.name} is {before}; it cannot be “{event}” from there.", code="wrong_status")
    deployment.status = after
    if event != "resumed":
        deployment.error_message = message if event in ("failed", "kept the live revision") else None
    return StatusChange(
        deployment_id=deployment.id,
        operation_id=operation_id,
        event=event,
        from_status=before,
        to_status=after,
        by=by,
        message=message,
    )


def event_of_end(kind: OperationKind, ended: OperationStatus, deployment: Deployment) -> str | None:
    """The event that the end of an operation is for its deployment; None when the status stays as it is."""
    if ended is OperationStatus.SUCCEEDED:
        return "proven" if kind in PUTS_LIVE else "stopped"
    if deployment.status not in (PENDING, DEPLOYING):
        return None
    if deployment.status is DEPLOYING and deployment.live_revision is not None:
        return "kept the live revision"
    return "failed" if ended is OperationStatus.FAILED else "cancelled"
