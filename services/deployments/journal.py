"""The journal of operations: what is under way on a deployment, step by step, each persisted before its side effect."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, select

from nexdeck.models.base import now
from nexdeck.models.choices import Channel
from nexdeck.models.deployment import (
    Deployment,
    DesiredState,
    Operation,
    OperationKind,
    OperationStatus,
    OperationStep,
    Revision,
    StepStatus,
)
from nexdeck.models.options import CanaryPlan, DeploymentOptions
from nexdeck.services.deployments.leases import LeaseLost, require_lease
from nexdeck.services.errors import NotFound, RevisionLost, StorageFailed, StudioError
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.lifecycle import PUTS_LIVE, event_of_end, transition

DEADLINE = timedelta(seconds=60)
CANARY = "canary"
PROOFS = {Channel.API: "prove API", Channel.CLI: "prove CLI", Channel.MCP: "prove MCP"}


@dataclass(frozen=True)
class OperationDetail:
    operation: Operation
    steps: list[OperationStep]

    def is_at(self, step_name: str) -> bool:
        return any(step.name == step_name and step.status is StepStatus.RUNNING for step in self.steps)


def canary_of(deployment: Deployment, kind: OperationKind, options: DeploymentOptions) -> CanaryPlan | None:
    """Whoever rolls back is in a hurry, and what replaces nothing has nothing to be compared with."""
    is_tried_out = kind is OperationKind.REDEPLOY and deployment.live_revision is not None
    return options.canary if is_tried_out else None


def step_names(kind: OperationKind, channels: list[Channel], canary: CanaryPlan | None = None) -> list[str]:
    if kind not in PUTS_LIVE:
        return ["remove", "confirm"]
    fresh = ["remove"] if kind is OperationKind.RESTART else []
    tried = [CANARY] if canary is not None else []
    return ["check", "build", *fresh, "register", *(PROOFS[channel] for channel in channels), *tried, "switch"]


def open_operation(
    session: Session, deployment: Deployment, kind: OperationKind, revision: Revision, by: str
) -> Operation:
    """Write a new operation with all its steps pending. The caller has made sure that no other is active."""
    options = DeploymentOptions.model_validate(revision.options)
    canary = canary_of(deployment, kind, options)
    seconds = DEADLINE.total_seconds() + (canary.minutes * 60 if canary else 0)
    operation = Operation(
        deployment_id=deployment.id,
        kind=kind,
        revision=revision.number,
        requested_by=by,
        seconds_allowed=seconds,
        deadline_at=now() + timedelta(seconds=seconds),
    )
    session.add(operation)
    session.flush()
    for position, name in enumerate(step_names(kind, options.channels, canary)):
        session.add(OperationStep(operation_id=operation.id, position=position, name=name))
    return operation


def read_operation(session: Session, operation_id: str) -> OperationDetail:
    operation = session.get(Operation, operation_id)
    if operation is None:
        raise NotFound(f"There is no operation {operation_id[:80]!r}.")
    steps = select(OperationStep).where(OperationStep.operation_id == operation_id).order_by(OperationStep.position)
    return OperationDetail(operation, list(session.exec(steps)))


def active_operation(session: Session, deployment_id: str) -> Operation | None:
    query = select(Operation).where(Operation.deployment_id == deployment_id)
    return session.exec(query.where(Operation.status == OperationStatus.RUNNING)).first()


class Journal:
    """Only who holds an operation's lease may write of it: everything but a cancellation raises LeaseLost else."""

    def __init__(self, database: Database, changes: Changes, owner: str) -> None:
        """``owner`` is the name of this control plane, as ``Leases`` has it."""
        self._database = database
        self._changes = changes
        self._owner = owner

    async def begin(self, operation: Operation, resumed_because: str | None) -> set[str]:
        """Start the clock. Returns the names of the steps that were begun before; the time in between is not counted.

        ``resumed_because`` is told in the history of the deployment.
        """

        def change(session: Session) -> set[str]:
            row = require_lease(session, operation, self._owner)
            row.deadline_at = now() + timedelta(seconds=row.seconds_allowed)
            if resumed_because:
                deployment = session.get_one(Deployment, row.deployment_id)
                _record(session, deployment, row, "resumed", row.requested_by, resumed_because)
            return {step.name for step in read_operation(session, row.id).steps if step.started_at}

        begun = await self._database.write(change)
        self._changes.deployment.send(operation.deployment_id)
        return begun

    @asynccontextmanager
    async def step(self, operation: Operation, name: str) -> AsyncIterator[list[str]]:
        """Run a step's side effect inside; what is appended to the list becomes its message.

        The step is recorded as running before the block begins. A StudioError inside is recorded as its failure and
        goes on; a cancellation leaves the step as running, for whoever ends or resumes the operation.
        """
        await self._set(operation, name, status=StepStatus.RUNNING, started_at=now(), ended_at=None, message=None)
        message: list[str] = []
        try:
            yield message
        except (LeaseLost, StorageFailed, RevisionLost):  # no failure of the step: whoever goes on begins it again
            raise
        except StudioError as error:
            await self._set(operation, name, status=StepStatus.FAILED, ended_at=now(), message=error.message)
            raise
        await self._set(operation, name, status=StepStatus.SUCCEEDED, ended_at=now(), message=" ".join(message))

    async def has_step(self, operation: Operation, name: str) -> bool:
        detail = await self._database.read(lambda session: read_operation(session, operation.id))
        return any(step.name == name for step in detail.steps)

    async def remark(self, operation: Operation, name: str, message: str) -> None:
        """Tell what a step that is under way waits for."""
        await self._set(operation, name, message=message)

    async def advance(self, operation: Operation, event: str, message: str | None = None) -> None:
        """Move the deployment's status by an event of the lifecycle."""

        def change(session: Session) -> None:
            require_lease(session, operation, self._owner)
            deployment = session.get_one(Deployment, operation.deployment_id)
            _record(session, deployment, operation, event, operation.requested_by, message)

        await self._database.write(change)
        self._changes.deployment.send(operation.deployment_id)

    async def keep_live(self, operation: Operation) -> None:
        """The operation's revision counts as live, though it may be away just now."""

        def change(session: Session) -> None:
            row = require_lease(session, operation, self._owner)
            session.get_one(Deployment, row.deployment_id).live_revision = row.revision

        await self._database.write(change)

    async def finish(self, operation: Operation, status: OperationStatus, *, by: str, error: str | None = None) -> None:
        """End an operation and move the deployment with it, in one transaction; one that has ended stays as it is.

        Steps that never ran become skipped, one that was running becomes failed. A revision that failed is marked; one
        that was cancelled is not.
        """

        def change(session: Session) -> None:
            row = session.get_one(Operation, operation.id)
            if row.status is not OperationStatus.RUNNING:
                return
            if status is not OperationStatus.CANCELLED:
                require_lease(session, operation, self._owner)
            row.status, row.ended_at, row.error = status, now(), error
            for step in read_operation(session, operation.id).steps:
                if step.status is StepStatus.PENDING:
                    step.status = StepStatus.SKIPPED
                elif step.status is StepStatus.RUNNING:
                    step.status, step.ended_at, step.message = StepStatus.FAILED, now(), error
            deployment = session.get_one(Deployment, operation.deployment_id)
            _close(session, deployment, row, by, error)

        await self._database.write(change)
        self._changes.deployment.send(operation.deployment_id)

    async def _set(self, operation: Operation, name: str, **values) -> None:
        def change(session: Session) -> None:
            require_lease(session, operation, self._owner)
            query = select(OperationStep).where(OperationStep.operation_id == operation.id, OperationStep.name == name)
            step = session.exec(query).one()
            if step.status is values.get("status") is StepStatus.RUNNING:  # it goes on, and began when it began
                values["started_at"] = step.started_at
            if values.get("status") is StepStatus.SUCCEEDED:  # what was waited for stays part of the history
                waited = f"(before: {step.message})" if step.message else ""
                values["message"] = " ".join(filter(None, [values["message"], waited])) or None
            for field, value in values.items():
                setattr(step, field, value)

        await self._database.write(change)
        self._changes.deployment.send(operation.deployment_id)


def _close(session: Session, deployment: Deployment, operation: Operation, by: str, error: str | None) -> None:
    """What the end of an operation makes of its deployment and revision."""
    event = event_of_end(operation.kind, operation.status, deployment)
    if event is not None:
        _record(session, deployment, operation, event, by, error)
    elif error:
        deployment.error_message = error
    if event in ("stopped", "cancelled"):
        deployment.stopped_at, deployment.live_revision = now(), None
    if event == "cancelled":
        deployment.desired_state = DesiredState.STOPPED
    if event == "stopped" and operation.kind is OperationKind.UNDEPLOY:
        deployment.undeployed_at = now()
    if operation.status is OperationStatus.FAILED and operation.kind in PUTS_LIVE:
        of_it = select(Revision).where(Revision.deployment_id == deployment.id, Revision.number == operation.revision)
        revision = session.exec(of_it).one()
        if revision.proven_at is None:  # one that was proven once has not become bad because a repair of it failed
            revision.failed_at, revision.error = now(), error


def _record(
    session: Session, deployment: Deployment, operation: Operation, event: str, by: str, message: str | None
) -> None:
    session.add(transition(deployment, event, by=by, message=message, operation_id=operation.id))
    deployment.updated_at = now()
