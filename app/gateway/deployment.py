"""A deployment as this gateway holds it."""

import asyncio
from dataclasses import dataclass, field

from app.gateway.revision import Revision
from models.wire import Counters, DeploymentState


@dataclass(slots=True, eq=False)
class Deployment:
    """``live`` answers the callers; ``loaded`` revisions wait beside it; ``draining`` ones finish their last calls."""

    id: str
    name: str
    live: Revision | None = None
    loaded: dict[int, Revision] = field(default_factory=dict)
    draining: list[Revision] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    error: str | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one change at a time

    def revision(self, number: int) -> Revision | None:
        return self.live if self.live is not None and self.live.number == number else self.loaded.get(number)

    def revisions(self) -> list[Revision]:
        return [*([self.live] if self.live else []), *self.loaded.values(), *self.draining]

    def is_empty(self) -> bool:
        return self.error is None and not self.revisions()

    def state(self) -> DeploymentState:
        return DeploymentState(
            deployment_id=self.id,
            name=self.name,
            live=self.live and self.live.state(),
            loaded=[revision.state() for revision in (*self.loaded.values(), *self.draining)],
            counters=self.counters,
            error=self.error,
        )
