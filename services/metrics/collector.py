"""Brings what gateways counted into the database."""

import logging

from sqlalchemy.exc import DataError, IntegrityError

from nexdeck.models.gateway import Gateway
from nexdeck.models.telemetry import Position
from nexdeck.services.errors import StudioError
from nexdeck.services.gateways.collector import GatewayRounds
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.metrics.recent_traffic import TrafficWindows
from nexdeck.services.metrics.series_cache import GatewaySeries
from nexdeck.services.metrics.writer import Counted, WrittenMetrics, positions_of, write_batches
from nexdeck.services.platform.batching import Batching
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database

logger = logging.getLogger(__name__)
GATHERED_SECONDS = 0.05


class MetricCollector(GatewayRounds):
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory) -> None:
        super().__init__("counters", database, gateways)
        self._changes = changes
        self.traffic = TrafficWindows()
        self._series_caches: dict[str, GatewaySeries] = {}
        self._positions: Batching[str, Position] = Batching(self._read_positions, 0.0)
        self._batches: Batching[Counted, int] = Batching(self._write_batches, GATHERED_SECONDS)
        self.rounds = {"succeeded": 0, "failed": 0}
        self.calls = 0

    async def close(self) -> None:
        await super().close()
        await self._batches.close()

    async def look(self, gateway: Gateway) -> Probe:
        """Look at a gateway, and take what it counted with the same answer. One that is unreachable is no error."""
        position = await self._position(gateway.id)
        look = await self._gateways.probe(gateway, position)
        if look.state and look.state.counted:
            self._gateways.newest.note(gateway.id, look.state.counted)
            await self._take(Counted(gateway.id, position, look.state.counted))
        return look

    async def collect(self, gateway: Gateway) -> int:
        try:
            calls = await self._collect(gateway)
        except StudioError:
            self.rounds["failed"] += 1
            raise
        self.rounds["succeeded"] += 1
        return calls

    def forget(self) -> None:
        """Series are gone: all are read from the database again."""
        self._series_caches.clear()

    async def _collect(self, gateway: Gateway) -> int:
        position = await self._position(gateway.id)
        batch = await self._gateways.client(gateway).counters(position)
        self._gateways.newest.note(gateway.id, batch)
        if batch.reached == position:
            self.note_quiet(gateway)
        return await self._take(Counted(gateway.id, position, batch))

    async def _position(self, gateway_id: str) -> Position:
        cached_series = self._series_caches.get(gateway_id)
        return cached_series.reached if cached_series else await self._positions.add(gateway_id, gateway_id)

    async def _take(self, counted: Counted) -> int:
        """Returns how many calls are new."""
        if counted.batch.reached == counted.asked and counted.gateway_id in self._series_caches:
            return 0
        return await self._batches.add(counted.gateway_id, counted)

    async def _read_positions(self, gateway_ids: list[str]) -> list[Position]:
        known = await self._database.read(lambda session: positions_of(session, gateway_ids))
        return [known[gateway_id] for gateway_id in gateway_ids]

    async def _write_batches(self, counted: list[Counted]) -> list[int]:
        # a book is nobody's while it is written in: it comes back when what it says is in the database
        series_caches = {id_: self._series_caches.pop(id_) for id_, *_ in counted if id_ in self._series_caches}
        try:
            news = await self._database.write(lambda session: write_batches(session, series_caches, counted))
        except IntegrityError:  # another Nexdeck was quicker: what is left is asked for again
            return [0] * len(counted)
        except (OverflowError, DataError):  # one of them tells sums that do not fit: the others' count
            if len(counted) == 1:
                logger.warning("what the gateway %s counted cannot be: it is left out", counted[0].gateway_id)
                return [0]
            return [calls for each in counted for calls in await self._write_batches([each])]
        self._series_caches |= series_caches
        return [self._tell(news[gateway_id]) for gateway_id, *_ in counted]

    def _tell(self, news: WrittenMetrics) -> int:
        calls = sum(delta.requests for _, delta in news.deltas)
        if news.recalled is not None:
            self.traffic.recall(news.recalled)
        for key, delta in news.deltas:
            self.traffic.add(key.deployment_id, key.revision, delta, news.at)
        for deployment_id in dict.fromkeys(key.deployment_id for key, _ in news.deltas):
            self._changes.metrics.send(deployment_id)
        self.calls += calls
        return calls
