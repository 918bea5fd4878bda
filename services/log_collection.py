"""Brings lines from gateways into the database, each once, and hands them to those who watch.

A source's lines and the cursor that says so are written in one transaction: whatever ends us in between, the next look
goes on exactly where the kept lines end. A gateway holds its newest lines while nobody asks; what it could not hold is
told in the log.
"""

import asyncio
import logging
from functools import partial

from sqlmodel import Session, func, insert, select

from models.base import now
from models.deployment import Deployment, Operation, StatusChange
from models.gateway import Gateway, GatewayStatus
from models.log import LogCursor, LogEntry, LogRecord
from models.wire import LogBatch
from services.changes import Changes
from services.database import Database
from services.errors import StudioError
from services.gateways import GatewayDirectory
from services.log_feed import LogFeed
from services.log_search import add_to_index
from services.rules.log_lines import entry_of, lifecycle_entry, lost_entry

logger = logging.getLogger(__name__)
BATCH = 5_000  # lines asked for at once
LIFECYCLE = "lifecycle"  # the source of what Nexdeck itself did


class LogCollector:
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory, feed: LogFeed) -> None:
        self._database = database
        self._gateways = gateways
        self._feed = feed
        self._last_id = 0
        self._under_way: dict[str, asyncio.Task[int]] = {}
        self._lifecycle_changed = True
        changes.deployment.connect(self._note_change, weak=False)

    def _note_change(self, _: str) -> None:
        self._lifecycle_changed = True

    async def sweep(self) -> None:
        """Look at every gateway that is online. One that is slow is left to itself and holds up no other."""
        if self._lifecycle_changed:
            self._lifecycle_changed = False
            self._feed.publish(await self._database.write(self._write_lifecycle))
        online = select(Gateway).where(Gateway.status == GatewayStatus.ONLINE)
        for gateway in await self._database.read(lambda session: session.exec(online).all()):
            if gateway.id not in self._under_way:
                task = asyncio.create_task(self._collect_or_wait(gateway), name=f"logs of {gateway.name}")
                self._under_way[gateway.id] = task
                task.add_done_callback(lambda _, id_=gateway.id: self._under_way.pop(id_))
        await asyncio.sleep(0)

    async def close(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def collect(self, gateway: Gateway) -> int:
        """Take everything that the gateway has for us; returns how many lines. Raises GatewayUnreachable and others."""
        client = self._gateways.client(gateway)
        kept = await self._database.read(lambda session: session.get(LogCursor, gateway.id))
        boot_id, cursor = (kept.boot_id, kept.cursor) if kept else ("", 0)
        total = 0
        while True:
            batch = await client.logs(cursor, BATCH)
            if batch.boot_id != boot_id and cursor:
                boot_id, cursor = batch.boot_id, 0  # it was started anew and counts from the beginning
                batch = await client.logs(cursor, BATCH)
            if batch.next_cursor <= cursor:
                return total
            write = partial(self._write_batch, gateway=gateway, batch=batch, after=cursor)
            self._feed.publish(await self._database.write(write))
            total += len(batch.lines)
            boot_id, cursor = batch.boot_id, batch.next_cursor

    async def _collect_or_wait(self, gateway: Gateway) -> int:
        try:
            return await self.collect(gateway)
        except StudioError as error:  # the look at its health tells people; here it is only too early
            logger.debug("no logs from %s now: %s", gateway.name, error.message)
            return 0

    def _write_batch(self, session: Session, gateway: Gateway, batch: LogBatch, after: int) -> list[LogEntry]:
        here = select(Deployment.id, Deployment.undeployed_at).where(Deployment.gateway_id == gateway.id)
        deployments = dict(session.exec(here).all())
        present = [id_ for id_, undeployed_at in deployments.items() if undeployed_at is None]
        number, received = self._next_id(session), now()
        entries, cursors = [], []
        for cursor, id_ in enumerate(present[: batch.lost], start=after + 1):  # the numbers of the lines that are lost
            entries.append(lost_entry(batch.lost, id_, received, number + len(entries)))
            cursors.append(cursor)
        after += batch.lost
        for line in batch.lines:
            if line.deployment_id in deployments and line.cursor > after:
                entries.append(entry_of(line, received, number + len(entries)))
                cursors.append(line.cursor)
                after = line.cursor
        self._insert(session, gateway.id, batch.boot_id, entries, cursors)
        session.merge(LogCursor(source=gateway.id, boot_id=batch.boot_id, cursor=batch.next_cursor))
        return entries

    def _write_lifecycle(self, session: Session) -> list[LogEntry]:
        kept = session.get(LogCursor, LIFECYCLE)
        changes = (
            select(StatusChange, Operation.revision)
            .join(Operation, Operation.id == StatusChange.operation_id, isouter=True)
            .where(StatusChange.id > (kept.cursor if kept else 0))
            .order_by(StatusChange.id)
        )
        found = session.exec(changes).all()
        if not found:
            return []
        first = self._next_id(session)
        entries = [lifecycle_entry(change, revision, first + n) for n, (change, revision) in enumerate(found)]
        self._insert(session, LIFECYCLE, "", entries, [change.id for change, _ in found])
        session.merge(LogCursor(source=LIFECYCLE, boot_id="", cursor=found[-1][0].id))
        return entries

    def _insert(self, session: Session, source: str, boot_id: str, entries: list[LogEntry], cursors: list[int]) -> None:
        if not entries:
            return
        origin = {"gateway_id": source, "boot_id": boot_id}
        rows = [entry._asdict() | origin | {"cursor": c} for entry, c in zip(entries, cursors, strict=True)]
        session.connection().execute(insert(LogRecord.__table__), rows)
        add_to_index(session, entries[0].id)
        self._last_id = entries[-1].id

    def _next_id(self, session: Session) -> int:
        """Never one that was given out before, even when all the newest lines have been removed since."""
        if not self._last_id:
            self._last_id = session.exec(select(func.max(LogRecord.id))).one() or 0
        return self._last_id + 1
