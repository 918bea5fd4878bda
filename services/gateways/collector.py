"""Brings what gateways hold for us into the database, each item once.

A source's items and the cursor that says so are written in one transaction: whatever ends us in between, the next probe
goes on exactly where the kept items end. A gateway holds its newest items while nobody asks; how many it could not
hold is told with the next batch.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, func, select

from nexdeck.models.cursors import CursorRow
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.telemetry import Position
from nexdeck.services.errors import StudioError
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.platform.database import Database

logger = logging.getLogger(__name__)
BATCH = 5_000  # items asked for at once
QUIET_ROUNDS = 5  # that a gateway which had nothing new is left out at most: what it has then waits for us
GATEWAYS_A_ROUND = 5  # with few gateways none is left out: what they have is seen within a second


class Batch(Protocol):
    boot_id: str
    next_cursor: int
    lost: int


class _Overtaken(Exception):
    """Another Nexdeck kept the items first."""


B = TypeVar("B", bound=Batch)
Entry = TypeVar("Entry")


class GatewayRounds(ABC):
    """One task for each gateway that is online; one that is slow is left to itself and holds up no other."""

    def __init__(self, what: str, database: Database, gateways: GatewayDirectory) -> None:
        self._what = what
        self._database = database
        self._gateways = gateways
        self._under_way: dict[str, asyncio.Task[int]] = {}
        self._quiet: dict[str, int] = {}
        self._pause = 0

    @abstractmethod
    async def collect(self, gateway: Gateway) -> int:
        """Take everything that the gateway has for us; returns how many. Raises GatewayUnreachable and GatewayError."""

    async def sweep(self) -> None:
        """Look at every gateway that is online, without waiting for them."""
        online = select(Gateway).where(Gateway.status == GatewayStatus.ONLINE)
        gateways = await self._database.read(lambda session: session.exec(online).all())
        self._pause = min(QUIET_ROUNDS, len(gateways) // GATEWAYS_A_ROUND)
        for gateway in gateways:
            if gateway.id not in self._under_way and self.is_due(gateway):
                task = asyncio.create_task(self._collect_or_wait(gateway), name=f"{self._what} of {gateway.name}")
                self._under_way[gateway.id] = task
                task.add_done_callback(lambda _, id_=gateway.id: self._under_way.pop(id_))
        await asyncio.sleep(0)

    def is_due(self, gateway: Gateway) -> bool:
        left = self._quiet.get(gateway.id, 0)
        self._quiet[gateway.id] = max(0, left - 1)
        return not left

    @property
    def is_sparing(self) -> bool:
        """Whether there are so many gateways that quiet ones are left out."""
        return self._pause > 0

    def note_quiet(self, gateway: Gateway) -> None:
        self._quiet[gateway.id] = self._pause

    async def close(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _collect_or_wait(self, gateway: Gateway) -> int:
        try:
            return await self.collect(gateway)
        except StudioError as error:  # the probe of its health tells people; here it is only too early
            logger.debug("no %s from %s now: %s", self._what, gateway.name, error.message)
            return 0


class Collector(GatewayRounds, Generic[B, Entry]):
    """Collects numbered items, a batch at a time; ``records`` is the table that they get a number of ours in."""

    def __init__(
        self,
        what: str,
        cursors: type[CursorRow],
        records: type[SQLModel],
        database: Database,
        gateways: GatewayDirectory,
    ) -> None:
        super().__init__(what, database, gateways)
        self._cursors = cursors
        self._records = records
        self._last_id = 0
        self._reached: dict[str, Position] = {}

    async def collect(self, gateway: Gateway) -> int:
        """What another Nexdeck on the same database collects meanwhile is left to it."""
        try:
            return await self._collect(gateway)
        except (_Overtaken, IntegrityError):
            self._reached.pop(gateway.id, None)
            return 0

    async def _collect(self, gateway: Gateway) -> int:
        client, total = self._gateways.client(gateway), 0
        while True:
            reached = self._reached.get(gateway.id) or await self._database.read(partial(self._read, gateway))
            batch, after = await self.ask(client, reached.number, BATCH), reached.number
            if batch.boot_id != reached.boot_id and after:
                after = 0  # it was started anew and counts from the beginning
                batch = await self.ask(client, after, BATCH)
            if batch.next_cursor <= after:
                self.note_reached(gateway, reached)
                if not total:
                    self.note_quiet(gateway)
                return total
            keep = partial(self._keep, gateway=gateway, batch=batch, after=after, reached=reached)
            self.publish(await self._database.write(keep))
            self.note_reached(gateway, Position(batch.boot_id, batch.next_cursor))
            total += batch.next_cursor - after - batch.lost

    def is_due(self, gateway: Gateway) -> bool:
        """Among many gateways one that tells with its counters up to where its items go is asked only for more."""
        newest = self.newest_of(gateway) if self.is_sparing else None
        if newest is None:
            return super().is_due(gateway)
        reached = self._reached.get(gateway.id)
        if reached is None:
            return True
        return newest.number > (reached.number if reached.boot_id == newest.boot_id else 0)

    def note_reached(self, gateway: Gateway, reached: Position) -> None:
        self._reached[gateway.id] = reached

    @abstractmethod
    def newest_of(self, gateway: Gateway) -> Position | None:
        """Up to where the gateway's items go, as far as it told."""

    @abstractmethod
    async def ask(self, client: GatewayClient, after: int, limit: int) -> B: ...

    @abstractmethod
    def write(self, session: Session, gateway: Gateway, batch: B, after: int) -> list[Entry]:
        """Write what is new of the batch."""

    @abstractmethod
    def publish(self, entries: list[Entry]) -> None:
        """Tell those who watch what has been written."""

    def _next_id(self, session: Session) -> int:
        """Never one that was given out before, even when all the newest records have been removed since."""
        newest = session.exec(select(func.max(self._records.id))).one() or 0
        return max(self._last_id, newest) + 1

    def _read(self, gateway: Gateway, session: Session, *, to_change: bool = False) -> Position:
        row = session.get(self._cursors, gateway.id, with_for_update=to_change)
        return Position(row.boot_id, row.cursor) if row else Position()

    def _keep(self, session: Session, gateway: Gateway, batch: B, after: int, reached: Position) -> list[Entry]:
        if self._read(gateway, session, to_change=True) != reached:
            raise _Overtaken
        entries = self.write(session, gateway, batch, after)
        session.merge(self._cursors(source=gateway.id, boot_id=batch.boot_id, cursor=batch.next_cursor))
        return entries
