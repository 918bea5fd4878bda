"""The counters as the control plane collects them: of this boot, and of earlier ones from the disk.

What nobody has collected yet outlives the process: one file for each boot, written anew while calls come in. It is
renamed into its place, and not flushed: the end of the process loses nothing of it, and that of the machine a few
seconds at most.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from nexdeck.app.gateway.telemetry.meter import Meter
from nexdeck.models.telemetry import BootCounters, CounterBatch, Position

logger = logging.getLogger(__name__)
SAVE_SECONDS = 1.0
BOOTS_KEPT = 32
SAVED_AT_ONCE = 50  # revisions: a millisecond


class CounterStore:
    """Blocking calls: use them in a thread."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError when the folder cannot be written."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for old in files[:-BOOTS_KEPT]:
            old.unlink()
        self._earlier = [counters for file in files[-BOOTS_KEPT:] if (counters := _read(file)) is not None]

    def earlier(self, last_seen: str) -> list[BootCounters]:
        """The boots since ``last_seen``, that one included. One that is not known any more was before them all."""
        boots = [counters.boot_id for counters in self._earlier]
        return self._earlier[boots.index(last_seen) if last_seen in boots else 0 :]

    def save(self, boot_id: str, revisions: Sequence[bytes]) -> None:
        """What a boot has counted until now; each revision's ``RevisionCounters`` as JSON."""
        place = self._folder / f"{boot_id}.json"
        beside = place.with_suffix(".writing")
        head = f'{{"boot_id":"{boot_id}","ended_at":"{datetime.now(UTC).isoformat()}","revisions":['
        beside.write_bytes(b"%b%b]}" % (head.encode(), b",".join(revisions)))
        os.replace(beside, place)


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


def _read(file: Path) -> BootCounters | None:
    try:
        return BootCounters.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        logger.warning("what an earlier boot counted cannot be read: %s: %s", file.name, type(error).__name__)
        return None
