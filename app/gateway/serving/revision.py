"""One revision of a deployment, loaded and ready to be called."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nexdeck.app.gateway.agents import loading
from nexdeck.app.gateway.agents.loading import LoadedAgent
from nexdeck.app.gateway.agents.threads import run_in_own_thread
from nexdeck.app.gateway.ground.context import CURRENT, Call
from nexdeck.app.gateway.ground.environment import Overlay
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving.key_uses import KeyUses
from nexdeck.app.gateway.serving.limits import Gate
from nexdeck.app.gateway.serving.recording import Recorder
from nexdeck.app.gateway.telemetry.meter import Meter, RevisionMeter
from nexdeck.models.control import LiveOptions, RevisionState
from nexdeck.models.manifest import RevisionBundle

LOAD_SECONDS = 20.0


@dataclass(slots=True, eq=False)
class LoadedRevision:
    deployment_id: str
    bundle: RevisionBundle  # replaced when the accepted keys change
    environment: Overlay
    agent: LoadedAgent
    gate: Gate
    recorder: Recorder
    meter: RevisionMeter
    key_uses: KeyUses  # of its deployment

    @property
    def number(self) -> int:
        return self.bundle.revision

    def state(self) -> RevisionState:
        return RevisionState(revision=self.bundle.revision, sha256=self.bundle.sha256, in_flight=self.gate.in_flight)

    def options(self) -> LiveOptions:
        manifest = self.bundle.manifest
        return LiveOptions(
            channels=manifest.channels,
            require_key=manifest.require_key,
            limits=manifest.limits,
            record=manifest.record,
            variables=sorted(self.bundle.environment),
            keys_digest=self.bundle.digest,
        )

    def unload(self) -> None:
        loading.unload(self.agent.module)


async def load_revision(
    deployment_id: str,
    bundle: RevisionBundle,
    meter: Meter,
    key_uses: KeyUses,
    fit_kaizen: Callable[[asyncio.AbstractEventLoop], None],
) -> LoadedRevision:
    """Raises GatewayProblem ``artifact_rejected`` for a module that does not load, or not in time."""
    environment = Overlay(bundle.environment, bundle.manifest.inherit_environment)
    fit = partial(fit_kaizen, asyncio.get_running_loop())
    try:
        agent = await run_in_own_thread(partial(_load, deployment_id, bundle, environment, fit), LOAD_SECONDS)
    except TimeoutError as error:
        detail = f"The module did not finish loading within {LOAD_SECONDS:g} s: something in it waits or loops."
        raise loading.rejected(detail) from error
    return LoadedRevision(
        deployment_id,
        bundle,
        environment,
        agent,
        Gate(bundle.manifest.limits),
        Recorder(bundle.manifest.record, environment.mask),
        meter.for_revision(deployment_id, bundle.name, bundle.revision),
        key_uses,
    )


def _load(
    deployment_id: str, bundle: RevisionBundle, environment: Overlay, fit_kaizen: Callable[[], None]
) -> LoadedAgent:
    if "kaizen" in bundle.module:
        fit_kaizen()  # before its code runs, since that may build agents
    token = CURRENT.set(Call(deployment_id, bundle.revision, environment))
    try:
        agent = loading.load(bundle, deployment_id)
    except GatewayProblem as problem:
        problem.detail = environment.mask(problem.detail)
        raise
    finally:
        CURRENT.reset(token)
    if "kaizen" in sys.modules:
        fit_kaizen()  # it may have been imported under a name put together, or by a library
    return agent
