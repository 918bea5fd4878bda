"""Brings what gateways hold for us into the database, each item once.

A source's items and the cursor that says so are written in one transaction: whatever ends us in between, the next look
goes on exactly where the kept items end. A gateway holds its newest items while nobody asks; how many it could not
hold is told with the next batch.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlmodel import Session, SQLModel, func, select

from models.collected import CursorRow
from models.gateway import Gateway, GatewayStatus
from services.database import Database
from services.errors import StudioError
from services.gateway_client import GatewayClient
from services.gateways import GatewayDirectory

logger = logging.getLogger(__name__)
BATCH = 5_000  # items asked for at once
QUIET_ROUNDS = 5  # that a gateway which had nothing new is left out at most: what it has then waits for us
GATEWAYS_A_ROUND = 5  # with few gateways none is left out: what they have is seen within a second


class Batch(Protocol):
    boot_id: str
    next_cursor: int
    lost: int


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
        except StudioError as error:  # the look at its health tells people; here it is only too early
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

    async def collect(self, gateway: Gateway) -> int:
        client = self._gateways.client(gateway)
        kept = await self._database.read(lambda session: session.get(self._cursors, gateway.id))
        boot_id, cursor = (kept.boot_id, kept.cursor) if kept else ("", 0)
        total = 0
        while True:
            batch = await self.ask(client, cursor, BATCH)
            if batch.boot_id != boot_id and cursor:
                boot_id, cursor = batch.boot_id, 0  # it was started anew and counts from the beginning
                batch = await self.ask(client, cursor, BATCH)
            if batch.next_cursor <= cursor:
                if not total:
                    self.note_quiet(gateway)
                return total
            entries = await self._database.write(partial(self._keep, gateway=gateway, batch=batch, after=cursor))
            self.publish(entries)
            total += batch.next_cursor - cursor - batch.lost
            boot_id, cursor = batch.boot_id, batch.next_cursor

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
        if not self._last_id:
            self._last_id = session.exec(select(func.max(self._records.id))).one() or 0
        return self._last_id + 1

    def _keep(self, session: Session, gateway: Gateway, batch: B, after: int) -> list[Entry]:
        entries = self.write(session, gateway, batch, after)
        session.merge(self._cursors(source=gateway.id, boot_id=batch.boot_id, cursor=batch.next_cursor))
        return entries
