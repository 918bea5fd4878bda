"""The opt-in call with the sample input: tells how a deployment is that nobody else calls."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from nexdeck.models.agent import AgentVersion
from nexdeck.models.base import now
from nexdeck.models.control import REVISION_HEADER
from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState, Revision
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.health import HealthStanding
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.errors import GatewayError, GatewayUnreachable
from nexdeck.services.gateways.answers import COMING_UP, problem_code
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.health.recorder import HealthRecorder
from nexdeck.services.platform.database import Database

EVERY = timedelta(minutes=5)
AT_ONCE = 5
GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class _Due:
    deployment_id: str
    name: str
    revision: int
    inputs: dict[str, Any]
    seconds: float
    gateway: Gateway


class SampleCalls:
    """What a call found is kept in the recorder; the next probe judges by it."""

    def __init__(self, database: Database, gateways: GatewayDirectory, recorder: HealthRecorder) -> None:
        self._database = database
        self._gateways = gateways
        self._recorder = recorder
        self._called: dict[str, datetime] = {}

    async def call_due(self) -> None:
        """Call those that want it, were not called for five minutes, and of which nobody saw a success lately; one
        that failed is called again each time."""
        candidates = await self._database.read(_candidates)
        ids = {due.deployment_id for due in candidates}
        for known in (self._called, self._recorder.sample_faults):
            for gone in known.keys() - ids:
                del known[gone]
        slots = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._call(due, slots) for due in candidates if self._is_due(due)))

    def _is_due(self, due: _Due) -> bool:
        deployment_id = due.deployment_id
        if self._recorder.traffic.has_succeeded(deployment_id, due.revision, now()):
            self._recorder.sample_faults.pop(deployment_id, None)
            return False
        last = self._called.get(deployment_id)
        return last is None or deployment_id in self._recorder.sample_faults or now() - last >= EVERY

    async def _call(self, due: _Due, slots: asyncio.Semaphore) -> None:
        """As a probe: it is not counted among the calls. A refusal of the input is the sample's fault, no trouble."""
        async with slots:
            self._called[due.deployment_id] = now()
            client, headers = self._gateways.client(due.gateway), {REVISION_HEADER: str(due.revision)}
            path, fault = f"/workflows/{due.name}/execute", None
            try:
                answer = await client.ask("POST", path, {"inputs": due.inputs}, headers, due.seconds)
                if problem_code(answer) in COMING_UP:
                    return  # its deployments serve in a moment, and until then that is told there
                if answer.status_code >= 500:
                    fault = f"The call with the sample input failed with status {answer.status_code}."
            except GatewayUnreachable:
                return  # that is the gateway's trouble, and told there
            except GatewayError as error:
                fault = f"The call with the sample input failed: {error.message}"
        if fault is None:
            self._recorder.sample_faults.pop(due.deployment_id, None)
        else:
            self._recorder.sample_faults[due.deployment_id] = fault


def _candidates(session: Session) -> list[_Due]:
    is_live = (Revision.deployment_id == Deployment.id) & (Revision.number == Deployment.live_revision)
    wanting = (
        select(Deployment, Revision, AgentVersion, Gateway)
        .join(Revision, is_live)
        .join(AgentVersion, AgentVersion.id == Revision.version_id)
        .join(Gateway, Gateway.id == Deployment.gateway_id)
        .join(HealthStanding, HealthStanding.subject_id == Deployment.id)
        .where(
            Deployment.undeployed_at.is_(None),
            Deployment.status == DeploymentStatus.RUNNING,
            Deployment.desired_state == DesiredState.RUNNING,
            Revision.options["synthetic_check"].as_boolean(),
            HealthStanding.paused_at.is_(None),
            Gateway.status == GatewayStatus.ONLINE,
        )
    )
    found = []
    for deployment, revision, version, gateway in session.exec(wanting):
        options = DeploymentOptions.model_validate(revision.options)
        inputs = options.sample_input or version.sample or {}
        seconds = options.limits.timeout_seconds + GRACE_SECONDS
        found.append(_Due(deployment.id, deployment.name, revision.number, inputs, seconds, gateway))
    return found
