"""Who carries out which operation: of several control planes on one database, one at a time.

A lease is a row's owner and a time that the owner moves on while it is at it. Others take over when that time has not
moved for as long as a lease lasts by their own monotonic clock: no two clocks are compared, so neither a clock that is
wrong nor one that jumps makes a lease expire early or late.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, select, text, update

from nexdeck.models.base import now
from nexdeck.models.deployment import Operation, OperationStatus
from nexdeck.services.errors import Conflict, StorageFailed
from nexdeck.services.platform.database import Database

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=9)
ACTIVE = text("operation.status = 'running'")  # in the very words of the index, else no database would use it


class LeaseLost(Conflict):
    """The operation has ended, or somebody else carries it out by now: there is nothing left to do here."""

    code = "lease_lost"


@dataclass(frozen=True)
class Lease:
    """``before``: who had the operation last, None if nobody does; ``is_resumed``: somebody had begun it."""

    operation: Operation
    before: str | None
    is_resumed: bool


@dataclass
class Leases:
    """``owner`` is the name of this control plane, the same after a restart on the same data folder."""

    database: Database
    owner: str
    _seen: dict[str, tuple[datetime | None, float]] = field(default_factory=dict)

    async def take(self, deployment_id: str) -> Lease | None:
        """The deployment's active operation, ours from now on; None when there is none that is ours to carry out."""

        def change(session: Session) -> Lease | None:
            active = select(Operation).where(ACTIVE, Operation.deployment_id == deployment_id)
            row = session.exec(active).first()
            if row is None or not self._is_free(row):
                return None
            lease = Lease(row, row.lease_owner, is_resumed=row.lease_until is not None)
            as_seen = Operation.lease_until.is_not_distinct_from(row.lease_until)
            mine = update(Operation).where(ACTIVE, Operation.id == row.id, as_seen)
            taken = session.exec(mine.values(lease_owner=self.owner, lease_until=now() + LEASE)).rowcount
            session.refresh(row)
            return lease if taken else None

        return await self.database.write(change)

    @asynccontextmanager
    async def kept(self, operation: Operation) -> AsyncIterator[None]:
        """Extends the lease all the while. Its loss shows when the next step is to be recorded."""
        keeper = asyncio.create_task(self._keep(operation.id), name=f"lease of {operation.id}")
        try:
            yield
        finally:
            keeper.cancel()

    async def free(self) -> list[str]:
        """The deployments with an active operation that is ours to carry out; looks, and remembers what it saw."""
        rows = await self.database.read(lambda session: session.exec(select(Operation).where(ACTIVE)).all())
        self._seen = {row.id: self._noted(row) for row in rows}
        return [row.deployment_id for row in rows if self._is_free(row)]

    async def release(self) -> None:
        """Let others go on at once with what is ours."""
        ours = update(Operation).where(ACTIVE, Operation.lease_owner == self.owner)
        with suppress(StorageFailed):
            await self.database.write(lambda session: session.exec(ours.values(lease_owner=None)))

    def _noted(self, row: Operation) -> tuple[datetime | None, float]:
        before = self._seen.get(row.id)
        return before if before and before[0] == row.lease_until else (row.lease_until, time.monotonic())

    def _is_free(self, row: Operation) -> bool:
        if row.lease_owner in (None, self.owner):
            return True
        until, since = self._seen.get(row.id, (None, 0.0))
        return until == row.lease_until and time.monotonic() - since > LEASE.total_seconds()

    async def _keep(self, operation_id: str) -> None:
        mine = update(Operation).where(ACTIVE, Operation.id == operation_id, Operation.lease_owner == self.owner)
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                await self.database.write(lambda session: session.exec(mine.values(lease_until=now() + LEASE)))
            except StorageFailed as error:
                logger.warning("the lease of %s could not be extended: %s", operation_id, error.message)


def require_lease(session: Session, operation: Operation, owner: str) -> Operation:
    """The operation's row as it is now. Raises LeaseLost."""
    row = session.get_one(Operation, operation.id)
    if row.status is not OperationStatus.RUNNING or row.lease_owner != owner:
        raise LeaseLost(f"The operation {operation.id} has ended, or {row.lease_owner} carries it out by now.")
    return row
