"""Logs of deployments: collected, kept within bounds, read back, searched, and followed live."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, text
from sqlmodel import Session

from nexdeck.models.actor import Actor
from nexdeck.models.gateway import Gateway
from nexdeck.models.log import LogEntry, LogLevel, LogRecord
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.logs.collector import LogCollector
from nexdeck.services.logs.feed import LogFeed, Subscription
from nexdeck.services.logs.search import lines_of, matcher, remove_lines, terms_of
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.pruning import remove_surplus
from nexdeck.services.rules.steps import StepSeen, steps_of

MOST_LINES = 1_000  # in one page


@dataclass(frozen=True)
class LogQuery:
    """Which lines: ``level`` or above, with the words ``q``, of one request, from ``since`` on, before ``until``."""

    level: LogLevel | None = None
    q: str = ""
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def matcher(self) -> Callable[[LogEntry], bool]:
        """The same choice among lines that just arrived; they are newer than any time that one can name."""
        levels = set(self.level.and_above if self.level else LogLevel)
        words = matcher(terms_of(self.q))
        return lambda line: (
            line.level in levels and (not self.request_id or line.request_id == self.request_id) and words(line)
        )


@dataclass(frozen=True)
class LogPage:
    """The lines in the order of time. ``next_cursor``: what to pass as ``before`` for the lines before
    these; None when there are none."""

    lines: list[LogEntry]
    next_cursor: int | None


class LogService:
    def __init__(
        self, database: Database, changes: Changes, gateways: GatewayDirectory, *, days: float, lines: int
    ) -> None:
        """``days`` and ``lines`` (of each deployment) are how long and how many lines are kept."""
        self._database = database
        self._kept_for = timedelta(days=days)
        self._kept_lines = lines
        self._feed = LogFeed()
        self._collector = LogCollector(database, changes, gateways, self._feed)

    async def collect(self, gateway: Gateway) -> int:
        """Take what a gateway has for us now; returns how many lines. Raises GatewayUnreachable and GatewayError."""
        return await self._collector.collect(gateway)

    async def collect_all(self) -> None:
        """What the scheduler calls each second."""
        await self._collector.sweep()

    async def tail(
        self, deployment: str, lines: int = 100, level: LogLevel | None = None, q: str = "", *, actor: Actor
    ) -> list[LogEntry]:
        """The newest lines, oldest of them first. Raises NotFound."""
        return (await self.history(deployment, LogQuery(level=level, q=q), limit=lines, actor=actor)).lines

    async def request(self, deployment: str, request_id: str, *, actor: Actor) -> list[LogEntry]:
        """Everything that was written during one request."""
        return (await self.history(deployment, LogQuery(request_id=request_id), limit=MOST_LINES, actor=actor)).lines

    async def steps(self, deployment: str, request_id: str, *, actor: Actor) -> list[StepSeen]:
        """The steps of an orchestration that a request went through, by when they began; none of other agents."""
        return steps_of(await self.request(deployment, request_id, actor=actor))

    async def history(
        self, deployment: str, query: LogQuery, *, limit: int = 100, before: int | None = None, actor: Actor
    ) -> LogPage:
        """The newest lines that fit the query, or the newest before the line with the id ``before``.

        Raises NotFound, and InvalidInput for a search without a word in it.
        """
        terms, limit = terms_of(query.q), max(1, min(limit, MOST_LINES))

        def read(session: Session) -> LogPage:
            lines, position = lines_of(session, find_deployment(session, deployment).id, terms)
            lines = _narrowed(lines, query)
            if before is not None:
                lines = lines.where(position < before)
            found = [LogEntry(*row) for row in session.execute(lines.order_by(position.desc()).limit(limit + 1))]
            page = sorted(found[:limit], key=lambda line: (line.time, line.id))
            return LogPage(page, found[limit - 1].id if len(found) > limit else None)

        return await self._database.read(read)

    async def export(self, deployment: str, query: LogQuery, *, actor: Actor) -> AsyncIterator[list[LogEntry]]:
        """All lines that fit, in the order in which they arrived, a chunk at a time."""
        terms, after = terms_of(query.q), 0

        def read(session: Session) -> list[LogEntry]:
            lines, position = lines_of(session, find_deployment(session, deployment).id, terms)
            lines = _narrowed(lines, query).where(position > after).order_by(position).limit(MOST_LINES)
            return [LogEntry(*row) for row in session.execute(lines)]

        while chunk := await self._database.read(read):
            yield chunk
            after = chunk[-1].id

    async def subscribe(self, deployment: str, *, actor: Actor) -> Subscription:
        """Watch what arrives from now on. Raises NotFound. Whoever subscribes must ``unsubscribe``."""
        row = await self._database.read(lambda session: find_deployment(session, deployment))
        return self._feed.subscribe(row.id)

    def unsubscribe(self, subscription: Subscription) -> None:
        self._feed.unsubscribe(subscription)

    async def prune(self) -> None:
        """Remove what is too old or too much, a little at a time."""
        await remove_surplus(self._database, LogRecord, remove_lines, self._kept_for, self._kept_lines)

    def end_streams(self) -> None:
        """Whoever follows a log is told that it ends; nobody can begin to."""
        self._feed.close()

    async def close(self) -> None:
        self.end_streams()
        await self._collector.close()


def _narrowed(lines: Select, query: LogQuery) -> Select:
    if query.level in (LogLevel.WARNING, LogLevel.ERROR, LogLevel.CRITICAL):
        # in the very words of the index of trouble, else neither database would use it
        lines = lines.where(text("level IN ('WARNING', 'ERROR', 'CRITICAL')"))
    if query.level is not None:
        lines = lines.where(LogRecord.level.in_(query.level.and_above))
    if query.request_id:
        lines = lines.where(LogRecord.request_id == query.request_id)
    if query.since is not None:
        lines = lines.where(LogRecord.time >= query.since)
    if query.until is not None:
        lines = lines.where(LogRecord.time < query.until)
    return lines
