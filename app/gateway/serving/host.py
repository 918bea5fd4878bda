"""The deployments of this gateway: which revisions are loaded, which one is live, and what is on disk.

A revision is loaded beside the live one. Going live is the exchange of one reference, so every call is answered by the
old revision or by the new one, and none by neither. Every change is idempotent, and on disk before it takes effect.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio.to_thread

from nexdeck.app.gateway.ground.problems import GatewayProblem, busy, not_found
from nexdeck.app.gateway.ground.store import BundleStore, StoredBundle
from nexdeck.app.gateway.serving.deployment import Canary, LoadedDeployment, drained, require_same
from nexdeck.app.gateway.serving.revision import LoadedRevision, load_revision
from nexdeck.app.gateway.telemetry.meter import Meter
from nexdeck.models.control import CanaryRequest, DeploymentState, LiveRequest
from nexdeck.models.manifest import AcceptedKeys, RevisionBundle, hash_of

if TYPE_CHECKING:
    from nexdeck.app.gateway.agents.runtime import (
        NexusRuntime,  # imports nexus, which the gateway loads after it began to answer
    )

logger = logging.getLogger(__name__)
REMOVAL_DRAIN_SECONDS = 5.0


class Host:
    """``on_change`` is told whenever the callable agents, or what they say about themselves, changed."""

    def __init__(
        self,
        store: BundleStore,
        nexus: "NexusRuntime",
        meter: Meter,
        fit_kaizen: Callable[[asyncio.AbstractEventLoop], None],
    ) -> None:
        self.ready = False
        self.on_change: Callable[[], None] = lambda: None
        self._store = store
        self._nexus = nexus
        self._meter = meter
        self._fit_kaizen = fit_kaizen
        self._by_id: dict[str, LoadedDeployment] = {}
        self._by_name: dict[str, LoadedDeployment] = {}
        self._drains: set[asyncio.Task[None]] = set()

    def deployments(self) -> list[LoadedDeployment]:
        return list(self._by_name.values())

    def states(self) -> list[DeploymentState]:
        """With what was counted of each."""
        totals, states = self._meter.totals(), []
        for deployment in self._by_id.values():
            state = deployment.state()
            state.counters = totals[deployment.id]
            states.append(state)
        return states

    def revision(self, name: str, number: int | None = None) -> LoadedRevision:
        """The live revision, or the one with that number. Raises GatewayProblem when it is not there."""
        deployment = self._by_name.get(name)
        if deployment is None:
            raise not_found(name) if self.ready else busy("restoring", "The gateway is restoring its deployments.")
        revision = deployment.live if number is None else deployment.revision(number)
        if revision is not None:
            return revision
        if number is not None:
            raise GatewayProblem(404, "revision_not_loaded", f"Revision {number} of {name!r} is not loaded here.")
        if not self.ready:
            raise busy("restoring", f"{name!r} is being restored.")
        if deployment.error is not None:
            raise GatewayProblem(503, "not_restored", f"{name!r} could not be restored: {deployment.error}")
        raise not_found(name)

    def answering(self, name: str, number: int | None = None) -> LoadedRevision:
        """The revision that answers the next call, be it the canary's turn: ask once a call. Raises as ``revision``."""
        deployment = self._by_name.get(name)
        canary = deployment.canary if deployment is not None and number is None else None
        if canary is not None and canary.takes_next():
            return canary.revision
        return self.revision(name, number)

    async def load(self, deployment_id: str, bundle: RevisionBundle) -> DeploymentState:
        """Load a revision beside what is live. Raises GatewayProblem when the bundle is wrong or does not load."""
        if hash_of(bundle.module) != bundle.sha256:
            raise GatewayProblem(422, "hash_mismatch", "The bundle's sha256 is not the hash of its module.")
        while True:
            deployment = self._claim(deployment_id, bundle.name)
            async with deployment.lock:
                if self._by_id.get(deployment_id) is not deployment:
                    continue  # removed while this waited for its turn
                present = deployment.revision(bundle.revision)
                if present is not None:
                    require_same(present, bundle.sha256)
                    return deployment.state()
                try:
                    deployment.loaded[bundle.revision] = await self._load_revision(deployment, bundle)
                finally:
                    self._drop_if_empty(deployment)
                return deployment.state()

    async def unload(self, deployment_id: str, number: int) -> DeploymentState:
        """Forget a revision that is not live, once its last calls have ended; one that is not there is fine."""
        deployment = self._by_id.get(deployment_id)
        if deployment is None:
            return DeploymentState(deployment_id=deployment_id, name="")
        async with deployment.lock:
            if deployment.live is not None and deployment.live.number == number:
                raise GatewayProblem(409, "revision_is_live", f"Revision {number} is live; it cannot be forgotten.")
            revision = deployment.loaded.pop(number, None)
            if revision is not None:
                deployment.end_canary_of(number)
                self._let_drain(deployment, revision, REMOVAL_DRAIN_SECONDS)
            self._drop_if_empty(deployment)
            return deployment.state()

    async def go_live(self, deployment_id: str, request: LiveRequest) -> DeploymentState:
        """Route calls to a loaded revision; the one that was live drains and is forgotten."""
        deployment = self._existing(deployment_id)
        async with deployment.lock:
            revision = deployment.meant(request)
            if revision is not deployment.live:
                self._nexus.register(deployment.name, revision.bundle.manifest)  # may fail: before anything is changed
                await anyio.to_thread.run_sync(self._store.save, deployment_id, revision.bundle)
                self._switch(deployment, revision, request.drain_seconds)
            return deployment.state()

    async def set_canary(self, deployment_id: str, request: CanaryRequest) -> DeploymentState:
        """Give a loaded revision its share of the calls. After a restart the live one has all."""
        deployment = self._existing(deployment_id)
        async with deployment.lock:
            revision = deployment.meant(request)
            if deployment.live is None or revision is deployment.live:
                detail = f"Revision {request.revision} of {deployment.name!r} has no live one beside it to share with."
                raise GatewayProblem(409, "nothing_to_share", detail)
            canary = deployment.canary
            if canary is None or (canary.revision, canary.percent) != (revision, request.percent):
                deployment.canary = Canary(revision, request.percent)
            return deployment.state()

    async def set_keys(self, deployment_id: str, accepted: AcceptedKeys) -> DeploymentState:
        """Replace the accepted keys of every revision of the deployment."""
        deployment = self._existing(deployment_id)
        keys = {"key_hashes": accepted.key_hashes, "expiring_keys": accepted.expiring_keys}
        async with deployment.lock:
            if deployment.live is not None:
                bundle = deployment.live.bundle.model_copy(update=keys)
                await anyio.to_thread.run_sync(self._store.save, deployment_id, bundle)
            for revision in deployment.revisions():
                revision.bundle = revision.bundle.model_copy(update=keys)
            deployment.key_uses.keep(accepted)
            self.on_change()
            return deployment.state()

    async def remove(self, deployment_id: str) -> DeploymentState:
        """Take no more calls, forget the deployment, and wait a while for the calls in flight."""
        deployment = self._by_id.get(deployment_id)
        if deployment is None:
            return DeploymentState(deployment_id=deployment_id, name="")
        async with deployment.lock:
            await anyio.to_thread.run_sync(self._store.forget, deployment_id)
            leaving = deployment.revisions()
            deployment.live, deployment.canary, deployment.error = None, None, None
            deployment.loaded.clear()
            deployment.draining.clear()
            self._drop_if_empty(deployment)
            self.on_change()
            await drained(leaving, REMOVAL_DRAIN_SECONDS)
            for revision in leaving:
                revision.unload()
                self._meter.retire(deployment.id, revision.number)
            return deployment.state()

    def expect(self, stored: StoredBundle) -> None:
        """Know a deployment of before the restart; until ``bring_back`` its callers are told to wait."""
        name = stored.bundle.name if stored.bundle else ""
        deployment = LoadedDeployment(stored.deployment_id, name, error=stored.error)
        self._by_id[stored.deployment_id] = deployment
        if stored.bundle is not None:
            self._by_name[name] = deployment

    async def bring_back(self, deployment_id: str, bundle: RevisionBundle) -> None:
        """Make live what was live before the restart; the deployment's state tells why it could not be."""
        deployment = self._by_id[deployment_id]
        async with deployment.lock:
            try:
                revision = await self._load_revision(deployment, bundle)
                self._nexus.register(deployment.name, bundle.manifest)
                self._switch(deployment, revision, 0)
            except GatewayProblem as problem:
                deployment.error = problem.detail
                logger.error("%s could not be restored: %s", deployment.name, problem.detail)

    def become_ready(self) -> None:
        """Whatever is not here by now is not deployed."""
        self.ready = True
        self.on_change()

    def _load_revision(self, deployment: LoadedDeployment, bundle: RevisionBundle) -> Awaitable[LoadedRevision]:
        return load_revision(deployment.id, bundle, self._meter, deployment.key_uses, self._fit_kaizen)

    def _switch(self, deployment: LoadedDeployment, revision: LoadedRevision, drain_seconds: float) -> None:
        old, deployment.live, deployment.error = deployment.live, revision, None
        deployment.loaded.pop(revision.number, None)
        deployment.end_canary_of(revision.number)
        if old is not None:
            self._let_drain(deployment, old, drain_seconds)
        self.on_change()

    def _let_drain(self, deployment: LoadedDeployment, old: LoadedRevision, seconds: float) -> None:
        if not old.gate.in_flight:
            self._forget_revision(deployment, old)
            return
        deployment.draining.append(old)
        drain = asyncio.create_task(self._drain(deployment, old, seconds))
        self._drains.add(drain)
        drain.add_done_callback(self._drains.discard)

    async def _drain(self, deployment: LoadedDeployment, old: LoadedRevision, seconds: float) -> None:
        await drained([old], seconds)
        if old in deployment.draining:
            deployment.draining.remove(old)
            self._forget_revision(deployment, old)
            self._drop_if_empty(deployment)

    def _forget_revision(self, deployment: LoadedDeployment, revision: LoadedRevision) -> None:
        revision.unload()
        if deployment.revision(revision.number) is None:  # else it was loaded again meanwhile
            self._meter.retire(deployment.id, revision.number)

    def _claim(self, deployment_id: str, name: str) -> LoadedDeployment:
        """The deployment with that id, made if it is new. Raises GatewayProblem when the name is another's."""
        holder = self._by_name.get(name)
        known = self._by_id.get(deployment_id)
        if holder is not None and holder is not known:
            raise GatewayProblem(409, "name_taken", f"Another deployment on this gateway is already named {name!r}.")
        if known is None:
            known = LoadedDeployment(deployment_id, name)
        elif known.name != name:
            if known.revisions():
                raise GatewayProblem(409, "name_differs", f"This deployment is named {known.name!r}, not {name!r}.")
            self._by_name.pop(known.name, None)
            known.name = name
        self._by_id[deployment_id] = self._by_name[name] = known
        return known

    def _existing(self, deployment_id: str) -> LoadedDeployment:
        deployment = self._by_id.get(deployment_id)
        if deployment is None:
            raise GatewayProblem(404, "not_deployed", "This gateway does not hold that deployment.")
        return deployment

    def _drop_if_empty(self, deployment: LoadedDeployment) -> None:
        if deployment.is_empty() and self._by_id.get(deployment.id) is deployment:
            del self._by_id[deployment.id]
            self._by_name.pop(deployment.name, None)
            self._nexus.deregister(deployment.name)
