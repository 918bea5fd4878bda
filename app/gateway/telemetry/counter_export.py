"""The counters of this boot as the control plane collects them, and their way to the disk."""

import asyncio
import logging

from nexdeck.app.gateway.telemetry.counter_store import CounterStore
from nexdeck.app.gateway.telemetry.meter import Meter
from nexdeck.models.batches import CounterBatch, Position

logger = logging.getLogger(__name__)
SAVE_SECONDS = 1.0
SAVED_AT_ONCE = 50  # revisions: a millisecond


class CounterExport:
    def __init__(self, meter: Meter, store: CounterStore, boot_id: str) -> None:
        self._meter = meter
        self._store = store
        self._boot_id = boot_id
        self._saved = 0
        store.save(boot_id, [])  # whatever has been collected of a boot, the store knows the boot

    def batch(self, known: Position) -> CounterBatch:
        """What somebody lacks who has the counters up to a position."""
        if known.boot_id == self._boot_id:
            earlier, after = [], known.number
        else:
            earlier, after = self._store.earlier(known.boot_id), 0
        position = self._meter.position
        changed = self._meter.changed_after(after)
        return CounterBatch(boot_id=self._boot_id, position=position, revisions=changed, earlier=earlier)

    async def keep_saved(self) -> None:
        """Save what was counted each second in which something was, until cancelled."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await self.save()

    async def save(self) -> None:
        position = self._meter.position
        if position == self._saved:
            return
        try:
            await asyncio.to_thread(self._store.save, self._boot_id, await self._so_far())
        except OSError as error:
            logger.warning("the counters cannot be saved: %s", error.strerror)
            return
        self._saved = position

    async def _so_far(self) -> list[bytes]:
        """Of each revision as it was at some moment since the call: the event loop is let go on in between."""
        texts = []
        for number, count in enumerate(self._meter.counts(), start=1):
            texts.append(count.text())
            if number % SAVED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return texts
