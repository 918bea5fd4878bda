"""Recorded requests made again: what they are sent to, and how each answer compares with the recorded one."""

import json
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Any

from sqlmodel import Session

from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.control import AS_RECORDED_HEADER, REQUEST_ID_HEADER, REVISION_HEADER, KeysRequest
from nexdeck.models.deployment import Deployment, DeploymentStatus, Revision
from nexdeck.models.gateway import Gateway
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.calls.service import RecordedRequest
from nexdeck.services.deployments.journal import active_operation
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Conflict, GatewayError
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.rollout.requests import revision_to_run
from nexdeck.services.rollout.revisions import find_revision
from nexdeck.services.rollout.target import RolloutTarget
from nexdeck.services.rules.answer_diff import Difference, differences

GRACE_SECONDS = 5.0  # the gateway times the agent out by itself; this is for the way there and back


class ReplayVerdict(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    WORSE = "worse"  # it was answered well before, and is not now
    BETTER = "better"
    UNKNOWN = "unknown"  # the status is the same, and no output is there to compare with


@dataclass(frozen=True)
class ReplayedAnswer:
    """``outputs`` as a recording would keep them; None where the call failed or nothing was kept."""

    status: int
    milliseconds: float
    outputs: Any = None
    code: str | None = None
    detail: str | None = None
    request_id: str = ""

    @property
    def is_good(self) -> bool:
        return self.status < 400


@dataclass(frozen=True)
class Replayed:
    """``differences`` are those from the recorded answer, or from the live one's where no output was recorded."""

    call: RecordedRequest
    recorded: ReplayedAnswer
    candidate: ReplayedAnswer
    live: ReplayedAnswer | None
    verdict: ReplayVerdict
    differences: list[Difference]

    @property
    def request(self) -> str:
        return self.call.id


async def call_again(
    client: GatewayClient, name: str, revision: int, inputs: dict[str, Any], request_id: str, seconds: float
) -> ReplayedAnswer:
    """A real call as a probe: it counts neither as traffic nor for health. Raises GatewayUnreachable."""
    headers = {REVISION_HEADER: str(revision), REQUEST_ID_HEADER: request_id, AS_RECORDED_HEADER: "1"}
    began = perf_counter()
    try:
        answer = await client.ask(
            "POST", f"/workflows/{name}/execute", {"inputs": inputs}, headers, seconds + GRACE_SECONDS
        )
        document = answer.json()
        if answer.is_success:
            outputs = document["outputs"]["agent"]["result"]
            return ReplayedAnswer(answer.status_code, document["execution_time"] * 1000, outputs, request_id=request_id)
        code, detail = str(document["code"])[:64], str(document["detail"])[:500]
    except GatewayError as error:
        return ReplayedAnswer(504, (perf_counter() - began) * 1000, None, "timeout", error.message, request_id)
    except (ValueError, KeyError, TypeError):
        return ReplayedAnswer(
            502, (perf_counter() - began) * 1000, None, "bad_answer", "It is no agent's answer.", request_id
        )
    return ReplayedAnswer(answer.status_code, (perf_counter() - began) * 1000, None, code, detail, request_id)


def recorded_answer(call: RecordedRequest) -> ReplayedAnswer:
    return ReplayedAnswer(
        call.entry.status, call.entry.milliseconds, _parsed(call.outputs), call.entry.code, None, call.entry.request_id
    )


def compared(call: RecordedRequest, candidate: ReplayedAnswer, live: ReplayedAnswer | None) -> Replayed:
    recorded = recorded_answer(call)
    reference = live if live is not None and recorded.outputs is None else recorded
    found = []
    if reference.outputs is not None and candidate.outputs is not None:
        found = differences(reference.outputs, candidate.outputs)
    return Replayed(call, recorded, candidate, live, _verdict(reference, candidate, found), found)


def _verdict(before: ReplayedAnswer, after: ReplayedAnswer, found: list[Difference]) -> ReplayVerdict:
    if before.is_good and not after.is_good:
        return ReplayVerdict.WORSE
    if after.is_good and not before.is_good:
        return ReplayVerdict.BETTER
    if found or before.status != after.status or before.code != after.code:
        return ReplayVerdict.CHANGED
    return ReplayVerdict.UNKNOWN if after.is_good and before.outputs is None else ReplayVerdict.SAME


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:  # it was cut
        return None


@dataclass(frozen=True)
class ReplayTarget:
    """``words`` tell people what it is."""

    deployment: Deployment
    agent_name: str
    gateway: Gateway
    version: AgentVersion
    options: DeploymentOptions
    is_live: bool
    words: str

    def as_revision(self, number: int) -> RolloutTarget:
        """To be loaded under that number, beside what is live."""
        revision = Revision(
            deployment_id=self.deployment.id,
            number=number,
            version_id=self.version.id,
            version=self.version.version,
            sha256=self.version.sha256,
            options={},
            created_by="replay",
        )
        return RolloutTarget(
            self.deployment,
            revision,
            self.version,
            self.agent_name,
            self.gateway,
            self.options,
            KeysRequest(key_hashes=[]),
        )


def read_replay_target(session: Session, deployment: str, number: int | None) -> ReplayTarget:
    """A revision that there is; None is the one that serves. Raises NotFound."""
    row = find_deployment(session, deployment)
    revision = revision_to_run(session, row) if number is None else find_revision(session, row, number)
    version = session.get_one(AgentVersion, revision.version_id)
    is_live = revision.number == row.live_revision
    return ReplayTarget(
        deployment=row,
        agent_name=session.get_one(Agent, version.agent_id).name,
        gateway=session.get_one(Gateway, row.gateway_id),
        version=version,
        options=DeploymentOptions.model_validate(revision.options),
        is_live=is_live,
        words=f"revision {revision.number} ({version.version})" + (", which is live" if is_live else ""),
    )


def require_idle(session: Session, deployment_id: str) -> None:
    """Raise Conflict while a change of the deployment is under way, or where nothing of it is live."""
    row = find_deployment(session, deployment_id)
    if active_operation(session, row.id) is not None:
        raise Conflict(f"A change of {row.name} is under way. Try again when it has ended.", code="operation_active")
    if row.status is not DeploymentStatus.RUNNING or row.live_revision is None:
        raise Conflict(f"{row.name} is not running: there is nothing to replay calls beside.", code="not_running")
