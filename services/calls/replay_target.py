"""What calls are replayed against."""

from dataclasses import dataclass

from sqlmodel import Session

from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.deployment import Deployment, DeploymentStatus, Revision
from nexdeck.models.gateway import Gateway
from nexdeck.models.options import DeploymentOptions
from nexdeck.models.wire import KeysRequest
from nexdeck.services.deployments.journal import active_operation
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Conflict
from nexdeck.services.rollout.requests import revision_to_run
from nexdeck.services.rollout.revisions import find_revision
from nexdeck.services.rollout.target import RolloutTarget


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
