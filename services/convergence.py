"""Carries operations out in the background, ends them whatever happens, and goes on with them after a restart."""

import asyncio
import logging

from sqlmodel import Session, select

from models.base import now
from models.deployment import Operation, OperationStatus
from services.database import Database
from services.errors import StudioError
from services.health import HealthService
from services.operations import DEADLINE, Journal, OperationDetail, active_operation, read_operation
from services.rollout import Rollout
from services.rules.lifecycle import PUTS_LIVE

logger = logging.getLogger(__name__)


class Convergence:
    """At most one task for each deployment; what it does is what the deployment's active operation says."""

    def __init__(self, database: Database, journal: Journal, rollout: Rollout, health: HealthService) -> None:
        self._database = database
        self._journal = journal
        self._rollout = rollout
        self._health = health
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def converge(self, deployment_id: str) -> None:
        """Carry out the deployment's active operation in the background, if there is one."""
        task = asyncio.create_task(self._converge(deployment_id), name=f"converge {deployment_id}")
        self._tasks[deployment_id] = task
        task.add_done_callback(lambda done: self._tasks.get(deployment_id) is done and self._tasks.pop(deployment_id))

    async def wait(self, operation_id: str, seconds: float) -> OperationDetail:
        """The operation once it has ended, or as it is after that many seconds."""
        detail = await self._read(operation_id)
        task = self._tasks.get(detail.operation.deployment_id)
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
            if operation.kind in PUTS_LIVE:
                await self._health.health_check(deployment_id)  # so that nobody sees “unknown” until the next sweep

    async def _end(self, operation: Operation, status: OperationStatus, by: str, why: str) -> None:
        await self._journal.finish(operation, status, by=by, error=why)
        try:
            await self._rollout.clear_remainder(operation)
        except StudioError as error:
            logger.warning("what is left of %s could not be cleared: %s", operation.id, error.message)

    async def _read(self, operation_id: str) -> OperationDetail:
        return await self._database.read(lambda session: read_operation(session, operation_id))
