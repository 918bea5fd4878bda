"""What this and the last boots counted, on disk: so that what nobody has collected yet outlives the process.

One file for each boot, written anew while calls come in. It is renamed into its place, and not flushed: the end of the
process loses nothing of it, and that of the machine a few seconds at most.
"""

import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from nexdeck.models.batches import BootCounters

logger = logging.getLogger(__name__)
BOOTS_KEPT = 32


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


def _read(file: Path) -> BootCounters | None:
    try:
        return BootCounters.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        logger.warning("what an earlier boot counted cannot be read: %s: %s", file.name, type(error).__name__)
        return None
