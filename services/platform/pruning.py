"""Keeps collected rows within bounds: not too old, and not too many of one deployment."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlmodel import Session, func, select

from nexdeck.models.base import now
from nexdeck.models.call import CallRecord
from nexdeck.models.log import LogRecord
from nexdeck.services.platform.database import Database

CHUNK = 2_000  # rows removed in one transaction, so that other writers get their turn
Remove = Callable[[Session, Sequence[int]], None]


async def remove_surplus(
    database: Database, rows: type[LogRecord | CallRecord], remove: Remove, kept_for: timedelta, most: int
) -> None:
    """Remove what is older than ``kept_for`` and what is more than ``most`` of a deployment, a little at a time;
    ``remove`` gets the ids."""

    def in_one_go(session: Session, ids: Sequence[int]) -> int:
        if ids:
            remove(session, ids)
        return len(ids)

    too_old = now() - kept_for
    oldest = select(rows.id, rows.time).order_by(rows.id).limit(CHUNK)  # they arrived in order
    while await database.write(
        lambda session: in_one_go(session, [id_ for id_, time in session.exec(oldest) if time < too_old])
    ):
        pass
    counts = select(rows.deployment_id, func.count()).group_by(rows.deployment_id)
    for deployment_id, count in await database.read(lambda session: session.exec(counts).all()):
        first = select(rows.id).where(rows.deployment_id == deployment_id).order_by(rows.id)
        for begin in range(0, count - most, CHUNK):
            excess = first.limit(min(CHUNK, count - most - begin))
            await database.write(lambda session, ids=excess: in_one_go(session, session.exec(ids).all()))
