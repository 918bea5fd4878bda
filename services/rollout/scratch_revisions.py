"""Revisions that are loaded beside a deployment's operations and give way to them: replays of calls use them.

They have numbers of their own, which no operation uses. Whoever begins an operation first lets the scratch revision of
its deployment end and be taken off, so that it never changes what an operation finds.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from nexdeck.models.control import FIRST_SCRATCH_REVISION, DeploymentState

CLEARING_SECONDS = 30.0  # in which its user has taken off what was loaded, even from a gateway that answers slowly


class ScratchRevisions:
    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task] = {}
        self._numbers: dict[str, int] = {}

    @contextmanager
    def entered(self, deployment_id: str) -> Iterator[int]:
        """For the running task: a revision number of its own. A deployment has at most one at a time."""
        number = FIRST_SCRATCH_REVISION + secrets.randbelow(100_000_000)
        self._tasks[deployment_id], self._numbers[deployment_id] = asyncio.current_task(), number
        try:
            yield number
        finally:
            del self._tasks[deployment_id], self._numbers[deployment_id]

    def is_in(self, deployment_id: str) -> bool:
        return deployment_id in self._tasks

    async def give_way(self, deployment_id: str) -> None:
        """End the work on a deployment's scratch revision, if there is one, and wait until it has cleaned up."""
        if task := self._tasks.get(deployment_id):
            task.cancel()
            await asyncio.wait([task], timeout=CLEARING_SECONDS)

    def left_out(self, held: DeploymentState | None) -> DeploymentState | None:
        """What a gateway holds of a deployment, without the scratch revision that is there now."""
        number = self._numbers.get(held.deployment_id) if held else None
        if number is None:
            return held
        return held.model_copy(update={"loaded": [each for each in held.loaded if each.revision != number]})
