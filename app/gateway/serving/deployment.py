"""A deployment as this gateway holds it."""

import asyncio
from dataclasses import dataclass, field

from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving.key_uses import KeyUses
from nexdeck.app.gateway.serving.revision import LoadedRevision
from nexdeck.models.control import CanaryRequest, CanaryState, DeploymentState, LiveRequest


@dataclass(slots=True)
class Canary:
    """A loaded revision that answers every so manieth call: evenly spread, so that its share is exact."""

    revision: LoadedRevision
    percent: int
    _owed: int = 0  # hundredths of a call

    def takes_next(self) -> bool:
        self._owed += self.percent
        if self._owed < 100:
            return False
        self._owed -= 100
        return True


@dataclass(slots=True, eq=False)
class LoadedDeployment:
    id: str
    name: str
    live: LoadedRevision | None = None  # answers the callers, but for a canary's share
    loaded: dict[int, LoadedRevision] = field(default_factory=dict)  # beside the live one, by number
    draining: list[LoadedRevision] = field(default_factory=list)  # finish their last calls
    canary: Canary | None = None
    key_uses: KeyUses = field(default_factory=KeyUses)
    error: str | None = None  # why it could not be restored
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one change at a time

    def end_canary_of(self, number: int) -> None:
        if self.canary is not None and self.canary.revision.number == number:
            self.canary = None

    def revision(self, number: int) -> LoadedRevision | None:
        return self.live if self.live is not None and self.live.number == number else self.loaded.get(number)

    def meant(self, request: LiveRequest | CanaryRequest) -> LoadedRevision:
        """Raises GatewayProblem when that revision is not here, or is another than the caller means."""
        revision = self.revision(request.revision)
        if revision is None:
            detail = f"Revision {request.revision} of {self.name!r} is not loaded here; load it first."
            raise GatewayProblem(404, "revision_not_loaded", detail)
        require_same(revision, request.sha256)
        return revision

    def revisions(self) -> list[LoadedRevision]:
        return [*([self.live] if self.live else []), *self.loaded.values(), *self.draining]

    def is_empty(self) -> bool:
        return self.error is None and not self.revisions()

    def state(self) -> DeploymentState:
        return DeploymentState(
            deployment_id=self.id,
            name=self.name,
            live=self.live and self.live.state(),
            options=self.live and self.live.options(),
            loaded=[revision.state() for revision in (*self.loaded.values(), *self.draining)],
            canary=self.canary and CanaryState(revision=self.canary.revision.number, percent=self.canary.percent),
            key_uses=self.key_uses.by_hash,
            error=self.error,
        )


def require_same(revision: LoadedRevision, sha256: str) -> None:
    """Raises GatewayProblem when what is loaded under a number is not what the caller means."""
    if revision.bundle.sha256 != sha256:
        detail = f"Revision {revision.number} is loaded with another hash, {revision.bundle.sha256}."
        raise GatewayProblem(409, "revision_differs", detail)


async def drained(revisions: list[LoadedRevision], seconds: float) -> None:
    """Wait until no call is in flight, or until the seconds are over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    # asked again and again: an event would cost every call something, and drains are rare
    while any(revision.gate.in_flight for revision in revisions) and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
