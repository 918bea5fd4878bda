"""Keeps the history of deployments within bounds: what was done to them, and those that are long gone."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete
from sqlmodel import Session, SQLModel, func, select, update

from nexdeck.models.base import now
from nexdeck.models.call import CallRecord
from nexdeck.models.deployment import Deployment, Operation, OperationStatus, OperationStep, StatusChange
from nexdeck.models.log import LogRecord
from nexdeck.services.platform.database import Database

CHUNK = 200  # rows removed in one transaction, so that other writers get their turn
FEW = 10  # deployments, each with all that belongs to it
CHANGES_AN_OPERATION = 4  # of status, at most, but for resumptions


class History:
    """Of each deployment the newest ``operations`` are kept, and all that are younger than ``days``."""

    def __init__(self, database: Database, *, days: float, operations: int) -> None:
        self._database = database
        self._kept_for = timedelta(days=days)
        self._kept = operations

    async def prune(self) -> None:
        """Remove what is too old, a little at a time."""
        before = now() - self._kept_for
        for remove in (self._remove_operations, self._remove_changes, _remove_deployments):
            while await self._database.write(lambda session, remove=remove: remove(session, before)):
                pass

    def _remove_operations(self, session: Session, before: datetime) -> int:
        newest_first = func.row_number().over(
            partition_by=Operation.deployment_id, order_by=Operation.created_at.desc()
        )
        ended = select(Operation.id, Operation.created_at, newest_first.label("place"))
        ranked = ended.where(Operation.status != OperationStatus.RUNNING).subquery()
        old = select(ranked.c.id).where(ranked.c.place > self._kept, ranked.c.created_at < before).limit(CHUNK)
        ids = session.exec(old).all()
        if ids:
            session.exec(update(StatusChange).where(StatusChange.operation_id.in_(ids)).values(operation_id=None))
            session.exec(delete(OperationStep).where(OperationStep.operation_id.in_(ids)))
            session.exec(delete(Operation).where(Operation.id.in_(ids)))
        return len(ids)

    def _remove_changes(self, session: Session, before: datetime) -> int:
        newest_first = func.row_number().over(partition_by=StatusChange.deployment_id, order_by=StatusChange.id.desc())
        ranked = select(StatusChange.id, StatusChange.at, newest_first.label("place")).subquery()
        kept = self._kept * CHANGES_AN_OPERATION
        old = select(ranked.c.id).where(ranked.c.place > kept, ranked.c.at < before).limit(CHUNK)
        ids = session.exec(old).all()
        if ids:
            session.exec(delete(StatusChange).where(StatusChange.id.in_(ids)))
        return len(ids)


def _remove_deployments(session: Session, before: datetime) -> int:
    """Those undeployed long ago, with all that belongs to them; first their log and requests have to have run out."""
    has_calls = select(CallRecord.id).where(CallRecord.deployment_id == Deployment.id).exists()
    has_lines = select(LogRecord.id).where(LogRecord.deployment_id == Deployment.id).exists()
    # The newest change stays: its number must not be given out again, for the log goes on after it.
    newest = select(StatusChange.deployment_id).order_by(StatusChange.id.desc()).limit(1).scalar_subquery()
    gone = select(Deployment.id).where(
        Deployment.undeployed_at < before, ~has_lines, ~has_calls, Deployment.id != newest
    )
    ids = session.exec(gone.limit(FEW)).all()
    if ids:
        table = Deployment.__table__
        _remove_with_dependents(session, table, table.c.id.in_(ids))
    return len(ids)


def _remove_with_dependents(session: Session, table: Table, which: ColumnElement[bool]) -> None:
    """Remove rows, and before them all rows of other tables that refer to them."""
    for other in SQLModel.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table and other is not table:
                referred = select(key.column).select_from(table).where(which)
                _remove_with_dependents(session, other, key.parent.in_(referred))
    session.connection().execute(delete(table).where(which))
