"""Brings lines from gateways, and what the lifecycle did, into the database and to those who watch."""

from sqlmodel import Session, insert, select

from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment, Operation, StatusChange
from nexdeck.models.gateway import Gateway
from nexdeck.models.log import LogCursor, LogEntry, LogRecord
from nexdeck.models.telemetry import LogBatch, Position
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.gateways.collector import Collector
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.logs.feed import LogFeed
from nexdeck.services.logs.search import add_to_index
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.log_lines import entry_of, lifecycle_entry, lost_entry

LIFECYCLE = "lifecycle"  # the source of what Nexdeck itself did


class LogCollector(Collector[LogBatch, LogEntry]):
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory, feed: LogFeed) -> None:
        super().__init__("logs", LogCursor, LogRecord, database, gateways)
        self._feed = feed
        self._lifecycle_changed = True
        changes.deployment.connect(self._note_change, weak=False)

    def _note_change(self, _: str) -> None:
        self._lifecycle_changed = True

    async def sweep(self) -> None:
        if self._lifecycle_changed:
            self._lifecycle_changed = False
            self.publish(await self._database.write(self._write_lifecycle))
        await super().sweep()

    def is_due(self, gateway: Gateway) -> bool:
        """Every time while somebody watches lines come in."""
        return super().is_due(gateway) or self._feed.is_watched

    def newest_of(self, gateway: Gateway) -> Position | None:
        return self._gateways.newest.lines.get(gateway.id)

    async def ask(self, client: GatewayClient, after: int, limit: int) -> LogBatch:
        return await client.logs(after, limit)

    def publish(self, entries: list[LogEntry]) -> None:
        self._feed.publish(entries)

    def write(self, session: Session, gateway: Gateway, batch: LogBatch, after: int) -> list[LogEntry]:
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
