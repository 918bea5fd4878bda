"""Work that uses a deployment on its gateway beside its operations, and gives way to them: replays of calls.

A guest loads revisions under numbers of its own, which no operation uses. Whoever begins an operation first lets the
guests of its deployment end and clean up, so that a guest never changes what an operation finds.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from nexdeck.models.wire import FIRST_GUEST_REVISION, DeploymentState

CLEARING_SECONDS = 30.0  # in which a guest has taken off what it loaded, even from a gateway that answers slowly


class Guests:
    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task] = {}
        self._numbers: dict[str, int] = {}

    @contextmanager
    def entered(self, deployment_id: str) -> Iterator[int]:
        """For the running task: a revision number of its own. At most one guest is in a deployment at a time."""
        number = FIRST_GUEST_REVISION + secrets.randbelow(100_000_000)
        self._tasks[deployment_id], self._numbers[deployment_id] = asyncio.current_task(), number
        try:
            yield number
        finally:
            del self._tasks[deployment_id], self._numbers[deployment_id]

    def is_in(self, deployment_id: str) -> bool:
        return deployment_id in self._tasks

    async def give_way(self, deployment_id: str) -> None:
        """End the guest of a deployment, if there is one, and wait until it has cleaned up."""
        if task := self._tasks.get(deployment_id):
            task.cancel()
            await asyncio.wait([task], timeout=CLEARING_SECONDS)

    def left_out(self, held: DeploymentState | None) -> DeploymentState | None:
        """What a gateway holds of a deployment, without what a guest that is there now has loaded."""
        number = self._numbers.get(held.deployment_id) if held else None
        if number is None:
            return held
        return held.model_copy(update={"loaded": [each for each in held.loaded if each.revision != number]})
