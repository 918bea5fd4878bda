"""One revision of a deployment, loaded and ready to be called."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from nexdeck.app.gateway.agents import kinds, loading
from nexdeck.app.gateway.agents.streams import Stream
from nexdeck.app.gateway.agents.threads import ThreadPool
from nexdeck.app.gateway.agents.validation import SchemaInvalid, Validator
from nexdeck.app.gateway.ground.context import CURRENT, Call
from nexdeck.app.gateway.ground.environment import Overlay
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving.key_uses import KeyUses
from nexdeck.app.gateway.serving.limits import Gate
from nexdeck.app.gateway.serving.recording import Recorder
from nexdeck.app.gateway.telemetry.meter import RevisionMeter
from nexdeck.models.control import LiveOptions, RevisionState
from nexdeck.models.manifest import RevisionBundle


@dataclass(slots=True, eq=False)
class LoadedRevision:
    deployment_id: str
    bundle: RevisionBundle
    environment: Overlay
    inputs: Validator
    outputs: Validator
    gate: Gate
    run: kinds.Run
    module: ModuleType
    recorder: Recorder
    stream: Stream | None = None  # of an agent that answers chunk by chunk
    meter: RevisionMeter | None = None
    key_uses: KeyUses | None = None

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
        loading.unload(self.module)


def prepare(bundle: RevisionBundle, deployment_id: str, fit_kaizen: Callable[[], None]) -> LoadedRevision:
    """Load a bundle. Runs the author's code, so: in a thread. Raises GatewayProblem ``artifact_rejected``."""
    environment = Overlay(bundle.environment, bundle.manifest.inherit_environment)
    try:
        inputs = Validator(bundle.manifest.input_schema, "inputs")
        outputs = Validator(bundle.manifest.output_schema, "outputs")
    except SchemaInvalid as error:
        raise loading.rejected(str(error)) from error
    if "kaizen" in bundle.module:
        fit_kaizen()  # before its code runs, since that may build agents
    token = CURRENT.set(Call(deployment_id, bundle.revision, environment))
    try:
        agent, module = loading.load_agent(bundle, deployment_id)
    except GatewayProblem as problem:
        problem.detail = environment.mask(problem.detail)
        raise
    finally:
        CURRENT.reset(token)
    if "kaizen" in sys.modules:
        fit_kaizen()  # it may have been imported under a name put together, or by a library
    threads = ThreadPool()
    is_workflow = kinds.is_workflow(agent)
    run = _workflow_runner(agent, bundle.module, threads) if is_workflow else kinds.runner(agent, threads)
    stream = None if is_workflow else kinds.streamer(agent, threads)
    gate = Gate(bundle.manifest.limits)
    recorder = Recorder(bundle.manifest.record, environment.mask)
    return LoadedRevision(deployment_id, bundle, environment, inputs, outputs, gate, run, module, recorder, stream)


def _workflow_runner(workflow: Any, module: str, threads: ThreadPool) -> kinds.Run:
    from nexdeck.app.gateway.agents import workflows  # large; the agent has imported kailash itself

    return workflows.runner(workflow, module, threads)
