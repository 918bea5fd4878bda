"""``NexusDeploymentService``: puts agents on gateways, takes them off, and lets nothing get stuck between.

Every change is the same three moves: write the desired state and an operation in one transaction, carry the operation
out in the background (``converge``), record how it ended. A newer request supersedes the one under way.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, select

from models.base import now
from models.deployment import (
    Deployment,
    DeploymentOptions,
    DeploymentStatus,
    DesiredState,
    Operation,
    OperationKind,
    OperationStatus,
    Revision,
)
from services.agents import AgentCatalog
from services.changes import Changes
from services.database import Database
from services.deployment_keys import DeploymentKeys, add_key
from services.deployment_requests import (
    DeploymentRequest,
    check_request,
    revision_to_run,
    write_deployment,
    write_revision,
)
from services.deployment_views import DeploymentReader, find_deployment
from services.errors import Conflict, StudioError
from services.gateways import GatewayDirectory
from services.local_gateway import FIRST_NAME
from services.operations import DEADLINE, Journal, OperationDetail, active_operation, open_operation, read_operation
from services.rollout import Rollout
from services.rules.lifecycle import transition
from services.secrets import SecretVault

logger = logging.getLogger(__name__)
Write = Callable[[Session, Deployment], Revision]


@dataclass(frozen=True)
class Change:
    """A change that was accepted and is under way; ``key`` is a new invocation key, to be shown once."""

    deployment: Deployment
    operation: OperationDetail
    key: str | None = None


class NexusDeploymentService(DeploymentReader):
    def __init__(
        self,
        database: Database,
        changes: Changes,
        agents: AgentCatalog,
        gateways: GatewayDirectory,
        secrets: SecretVault,
        journal: Journal,
        rollout: Rollout,
        studio_url: str,
    ) -> None:
        super().__init__(database)
        self._changes = changes
        self._agents = agents
        self._gateways = gateways
        self._secrets = secrets
        self._journal = journal
        self._rollout = rollout
        self._studio_url = studio_url
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._keys = DeploymentKeys(database, changes, gateways)
        self.create_key, self.revoke_key = self._keys.create, self._keys.revoke

    async def deploy_agent(
        self,
        agent_id: str,
        version: str | None,
        gateway_id: str,
        *,
        name: str | None = None,
        options: DeploymentOptions | None = None,
        by: str = "local",
    ) -> Deployment:
        """Deploy and wait for the end: the deployment is ``running``, or ``failed`` with ``error_message``.

        Agent and gateway by id or name; version None is the newest. Raises as ``request_deploy`` does.
        """
        change = await self.request_deploy(agent_id, version, gateway_id, name=name, options=options, by=by)
        await self.wait(change.operation.operation.id, DEADLINE.total_seconds())
        return await self.get(change.deployment.id)

    async def request_deploy(
        self,
        agent: str,
        version: str | None = None,
        gateway: str | None = None,
        *,
        name: str | None = None,
        options: DeploymentOptions | None = None,
        by: str,
    ) -> Change:
        """Accept a deployment and begin. Raises NotFound, InvalidInput or Conflict, and then nothing was written."""
        detail = await self._agents.get(agent)
        wanted = await self._agents.version(detail.agent.id, version)
        place = await self._gateways.get(gateway or FIRST_NAME)
        request = DeploymentRequest(wanted, options or DeploymentOptions(), by)
        await check_request(request, self._secrets)

        def write(session: Session) -> Change:
            row = write_deployment(session, request, place, name or detail.agent.name, self._studio_url)
            operation = open_operation(session, row, OperationKind.DEPLOY, write_revision(session, row, request), by)
            key = add_key(session, row.id, "first key", by)[1] if request.options.require_key else None
            session.flush()
            return Change(row, read_operation(session, operation.id), key)

        change = await self._database.write(write)
        self.converge(change.deployment.id)
        return change

    async def redeploy(
        self,
        deployment: str,
        *,
        version: str | None = None,
        options: DeploymentOptions | None = None,
        reason: str = "",
        by: str,
    ) -> Change:
        """A new revision beside the live one, then in its place; version None is the newest, options None as before."""
        detail = await self.overview(deployment)
        wanted = await self._agents.version(detail.summary.deployment.agent_id, version)
        request = DeploymentRequest(wanted, options or detail.options, by, reason)
        await check_request(request, self._secrets)
        return await self._change(
            deployment, OperationKind.REDEPLOY, lambda session, row: write_revision(session, row, request), by
        )

    async def start(self, deployment: str, *, by: str) -> Change:
        return await self._change(deployment, OperationKind.START, _again, by)

    async def restart(self, deployment: str, *, by: str) -> Change:
        """Load the same revision afresh, with the secrets as they are now. It is away for the moment between."""
        return await self._change(deployment, OperationKind.RESTART, _again, by)

    async def stop(self, deployment: str, *, by: str) -> Change:
        """Off the gateway after the last call has ended; everything else of it is kept."""
        return await self._change(deployment, OperationKind.STOP, _to(DesiredState.STOPPED), by)

    async def undeploy(self, deployment: str, *, by: str) -> Change:
        """Off the gateway and out of the lists; its history is kept and its name is free again."""
        return await self._change(deployment, OperationKind.UNDEPLOY, _to(DesiredState.ABSENT), by)

    async def cancel(self, deployment: str, *, by: str) -> Change:
        """End the active operation; what was live before stays live. Raises Conflict when nothing is under way."""
        row = await self.get(deployment)
        async with self._turns[row.id]:
            ended = await self._supersede(row.id, by, f"cancelled by {by}")
            if ended is None:
                raise Conflict(f"Nothing is under way on {row.name}.", code="nothing_to_cancel")
        return Change(await self.get(row.id), await self.operation(ended.id))

    async def wait(self, operation_id: str, seconds: float) -> OperationDetail:
        """The operation once it has ended, or as it is after that many seconds."""
        detail = await self.operation(operation_id)
        task = self._tasks.get(detail.operation.deployment_id)
        if detail.operation.status is OperationStatus.RUNNING and task is not None:
            await asyncio.wait([task], timeout=max(0.0, seconds))
        return await self.operation(operation_id)

    def converge(self, deployment_id: str) -> None:
        """Carry out the deployment's active operation in the background, if there is one."""
        task = asyncio.create_task(self._converge(deployment_id), name=f"converge {deployment_id}")
        self._tasks[deployment_id] = task
        task.add_done_callback(lambda done: self._tasks.get(deployment_id) is done and self._tasks.pop(deployment_id))

    async def resume(self) -> None:
        """After a start: go on with what a crash or a shutdown left under way. Every step can be done again."""

        def renew(session: Session) -> list[str]:
            active = session.exec(select(Operation).where(Operation.status == OperationStatus.RUNNING)).all()
            for operation in active:
                operation.deadline_at = now() + DEADLINE  # the time we were away is not the operation's fault
            return [operation.deployment_id for operation in active]

        for deployment_id in await self._database.write(renew):
            self.converge(deployment_id)

    async def close(self) -> None:
        """Let go of what is under way; it stays recorded as active, and ``resume`` goes on with it."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _change(self, deployment: str, kind: OperationKind, write: Write, by: str) -> Change:
        row = await self.get(deployment)
        if row.undeployed_at is not None:
            raise Conflict(f"{row.name} was undeployed; deploy the agent again.", code="undeployed")
        async with self._turns[row.id]:
            await self._supersede(row.id, by, f"superseded by a {kind} of {by}")

            def open_it(session: Session) -> Change:
                current = find_deployment(session, row.id)
                revision = write(session, current)
                restarted = current.desired_state is DesiredState.RUNNING
                if restarted and current.status in (DeploymentStatus.STOPPED, DeploymentStatus.FAILED):
                    session.add(transition(current, "requested", by=by))
                current.updated_at = now()
                operation = open_operation(session, current, kind, revision, by)
                session.flush()
                return Change(current, read_operation(session, operation.id))

            change = await self._database.write(open_it)
            self.converge(row.id)
        return change

    async def _supersede(self, deployment_id: str, by: str, why: str) -> Operation | None:
        """End the active operation, if any, leaving what was live before as it is."""
        if task := self._tasks.get(deployment_id):
            task.cancel()
            await asyncio.wait([task])
        operation = await self._database.read(lambda session: active_operation(session, deployment_id))
        if operation is not None:
            await self._end(operation, OperationStatus.CANCELLED, by, why)
        return operation

    async def _converge(self, deployment_id: str) -> None:
        operation = await self._database.read(lambda session: active_operation(session, deployment_id))
        if operation is None:
            return
        try:
            async with asyncio.timeout((operation.deadline_at - now()).total_seconds()):
                await self._rollout.run(operation)
        except StudioError as error:
            await self._end(operation, OperationStatus.FAILED, operation.requested_by, error.message)
        except TimeoutError:
            late = f"It did not get there within {DEADLINE.total_seconds():.0f} s; the step that was running is marked."
            await self._end(operation, OperationStatus.FAILED, operation.requested_by, late)
        except Exception as error:  # the task's boundary: a bug of ours must end the operation, not leave it stuck
            logger.exception("%s of %s broke", operation.kind, deployment_id)
            message = f"Something of ours broke ({type(error).__name__}). The log has the details."
            await self._end(operation, OperationStatus.FAILED, operation.requested_by, message)
        else:
            await self._journal.finish(operation, OperationStatus.SUCCEEDED, by=operation.requested_by)

    async def _end(self, operation: Operation, status: OperationStatus, by: str, why: str) -> None:
        await self._journal.finish(operation, status, by=by, error=why)
        try:
            await self._rollout.clear_remainder(operation)
        except StudioError as error:
            logger.warning("what is left of %s could not be cleared: %s", operation.id, error.message)


def _again(session: Session, row: Deployment) -> Revision:
    row.desired_state = DesiredState.RUNNING
    return revision_to_run(session, row)


def _to(desired: DesiredState) -> Write:
    def write(session: Session, row: Deployment) -> Revision:
        row.desired_state = desired
        return revision_to_run(session, row)

    return write
