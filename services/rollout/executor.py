"""Carries operations out in the background, ends them whatever happens, and goes on with them after a restart."""

import asyncio
import logging

from nexdeck.models.actor import Actor
from nexdeck.models.deployment import Operation, OperationKind, OperationStatus, StepStatus
from nexdeck.services.deployments.journal import Journal, OperationDetail, active_operation, read_operation
from nexdeck.services.deployments.leases import Lease, LeaseLost, Leases
from nexdeck.services.errors import ArtifactRejected, GatewayUnreachable, ProofFailed, StorageFailed, StudioError
from nexdeck.services.health.service import HealthService
from nexdeck.services.platform.database import Database
from nexdeck.services.rollout.scratch_revisions import ScratchRevisions
from nexdeck.services.rollout.steps import Rollout
from nexdeck.services.rules.lifecycle import PUTS_LIVE

logger = logging.getLogger(__name__)
CLEARING_SECONDS = 5.0
RESTARTED = "after a restart of Nexdeck"
FAULT_OVER = "after a time in which the database could not be used"


class OperationExecutor:
    """At most one task for each deployment; what it does is what the deployment's active operation says."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        leases: Leases,
        rollout: Rollout,
        health: HealthService,
        scratch_revisions: ScratchRevisions,
    ) -> None:
        self._database = database
        self._journal = journal
        self._leases = leases
        self._rollout = rollout
        self._health = health
        self._scratch_revisions = scratch_revisions
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def converge(self, deployment_id: str, after: str = RESTARTED) -> None:
        """Carry out the deployment's active operation in the background, if there is one that is ours.

        ``after`` tells what interrupted it, if somebody had begun it.
        """
        if deployment_id in self._tasks:
            return
        task = asyncio.create_task(self._converge(deployment_id, after), name=f"converge {deployment_id}")
        self._tasks[deployment_id] = task
        task.add_done_callback(lambda done: self._tasks.get(deployment_id) is done and self._tasks.pop(deployment_id))

    async def wait(self, operation_id: str, seconds: float | None = None) -> OperationDetail:
        """The operation once it has ended, or as it is after that many seconds; None: after all it is allowed."""
        detail = await self._read(operation_id)
        task = self._tasks.get(detail.operation.deployment_id)
        if seconds is None:
            seconds = detail.operation.seconds_allowed + CLEARING_SECONDS
        if detail.operation.status is OperationStatus.RUNNING and task is not None:
            await asyncio.wait([task], timeout=max(0.0, seconds))
        return await self._read(operation_id)

    async def supersede(self, deployment_id: str, by: str, why: str) -> Operation | None:
        """End the active operation, if any, leaving what was live before as it is."""
        if task := self._tasks.get(deployment_id):
            task.cancel()
            await asyncio.wait([task])
        operation = await self._database.read(lambda session: active_operation(session, deployment_id))
        if operation is not None:
            await self._end(operation, OperationStatus.CANCELLED, by, why)
        return operation

    async def resume(self, after: str = RESTARTED) -> None:
        """Go on with what nobody carries out: after a start, and from then on every few seconds.

        A crash or a shutdown left it, here or of another Nexdeck on the same database, or a fault of the database.
        """
        for deployment_id in await self._leases.free():
            self.converge(deployment_id, after)

    async def take_over(self) -> None:
        await self.resume(FAULT_OVER)

    async def close(self) -> None:
        """Let go of what is under way; it stays recorded as active, and ``resume`` goes on with it."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._leases.release()

    async def _converge(self, deployment_id: str, after: str) -> None:
        try:
            while (lease := await self._leases.take(deployment_id)) is not None:
                async with self._leases.kept(lease.operation):
                    await self._scratch_revisions.give_way(deployment_id)
                    await self._carry_out(lease, after)
                if lease.operation.kind in PUTS_LIVE:  # so that nobody sees “unknown” until the next sweep
                    await self._health.health_check(deployment_id, actor=Actor.system())
        except LeaseLost as error:
            logger.info("%s", error.message)
        except StorageFailed as error:  # the operation stays active: ``take_over`` goes on with it
            logger.warning("what is under way on %s waits: %s", deployment_id, error.message)

    async def _carry_out(self, lease: Lease, after: str) -> None:
        operation = lease.operation
        if lease.before not in (None, self._leases.owner):
            after = f"by {self._leases.owner}: {lease.before} no longer sees to it"
        try:
            async with asyncio.timeout(operation.seconds_allowed):
                begun = await self._journal.begin(operation, f"{after}." if lease.is_resumed else None)
                await self._rollout.run(operation, begun)
        except (LeaseLost, StorageFailed):
            raise
        except StudioError as error:
            await self._fail(operation, error)
        except TimeoutError:
            await self._fail(operation, GatewayUnreachable(await self._why_late(operation)))
        except Exception as error:  # the task's boundary: a bug of ours must end the operation, not leave it stuck
            logger.exception("%s of %s broke", operation.kind, operation.deployment_id)
            message = f"Something of ours broke ({type(error).__name__}). The log has the details."
            await self._end(operation, OperationStatus.FAILED, operation.requested_by, message)
        else:
            await self._journal.finish(operation, OperationStatus.SUCCEEDED, by=operation.requested_by)

    async def _fail(self, operation: Operation, error: StudioError) -> None:
        message = error.message
        if operation.kind not in PUTS_LIVE:
            what = "undeploy" if operation.kind is OperationKind.UNDEPLOY else "stop"
            message = f"The {what} is pending, and is finished as soon as the gateway lets it. {message}"
        if operation.kind is OperationKind.RESTART and not isinstance(error, ArtifactRejected | ProofFailed):
            await self._journal.keep_live(operation)  # nothing is known against it: the reconciler brings it back
        await self._end(operation, OperationStatus.FAILED, operation.requested_by, message)

    async def _why_late(self, operation: Operation) -> str:
        running = [step for step in (await self._read(operation.id)).steps if step.status is StepStatus.RUNNING]
        waited_for = "".join(f" “{step.name}” waited: {step.message}" for step in running if step.message)
        return f"It did not get there within {operation.seconds_allowed:.0f} s.{waited_for}"

    async def _end(self, operation: Operation, status: OperationStatus, by: str, why: str) -> None:
        await self._journal.finish(operation, status, by=by, error=why)
        try:
            async with asyncio.timeout(CLEARING_SECONDS):
                await self._rollout.clear_remainder(operation)
        except (StudioError, TimeoutError) as error:  # the reconciler sees to it later
            logger.warning("what is left of %s could not be cleared: %s", operation.id, error)

    async def _read(self, operation_id: str) -> OperationDetail:
        return await self._database.read(lambda session: read_operation(session, operation_id))
