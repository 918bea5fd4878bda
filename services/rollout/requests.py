"""What is written when a person asks for a deployment or a new revision, and what is checked before that."""

from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from sqlmodel import Session, func, select

from nexdeck.models.agent import AgentVersion
from nexdeck.models.base import new_id
from nexdeck.models.deployment import Deployment, DesiredState, Revision, StatusChange
from nexdeck.models.gateway import Gateway
from nexdeck.models.manifest import AgentKind
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.errors import Conflict, Fault, InvalidInput
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rules.endpoints import api_endpoint, cli_command, mcp_endpoint
from nexdeck.services.rules.names import require_name


@dataclass(frozen=True)
class DeploymentRequest:
    """A wish, checked: every name in it was found, and nothing of it can be refused later for being ill-formed."""

    version: AgentVersion
    options: DeploymentOptions
    by: str
    reason: str = ""

    @property
    def sample(self) -> dict[str, Any]:
        return self.options.sample_input or self.version.sample or {}


def secrets_needed(version: AgentVersion, options: DeploymentOptions) -> list[str]:
    """The secrets that a deployment reads: those chosen, and those the agent names that no plain variable supplies."""
    return sorted({*options.secrets, *version.secrets} - options.environment.keys())


async def check_request(request: DeploymentRequest, secrets: SecretVault) -> None:
    """Raise InvalidInput for a sample that the agent would refuse, or a secret that is not stored."""
    errors = Draft202012Validator(request.version.input_schema).iter_errors(request.sample)
    faults = [Fault(".".join(["options.sample_input", *map(str, e.absolute_path)]), e.message[:300]) for e in errors]
    if faults:
        message = (
            "The sample input does not fit the agent's inputs, so the deployment could not be proven live with it."
        )
        raise InvalidInput(message, errors=faults[:20], code="invalid_sample")
    await secrets.values(secrets_needed(request.version, request.options))


def write_deployment(
    session: Session,
    request: DeploymentRequest,
    gateway: Gateway,
    name: str,
    studio_url: str,
    deployment_id: str | None = None,
) -> Deployment:
    """A new deployment, pending, with a new id unless one is given. Raises Conflict when the gateway has its name."""
    require_name(name)
    if gateway.dedicated_to not in (None, deployment_id):
        message = f"The gateway {gateway.name} is dedicated to another deployment. Choose another gateway."
        raise Conflict(message, code="gateway_dedicated")
    taken = select(Deployment.id).where(Deployment.gateway_id == gateway.id, Deployment.name == name)
    if session.exec(taken.where(Deployment.undeployed_at.is_(None))).first():
        raise Conflict(
            f"{gateway.name} has a deployment named {name} already. Redeploy that one, or choose another name.",
            code="deployment_exists",
        )
    version, channels = request.version, request.options.channels
    deployment = Deployment(
        id=deployment_id or new_id("dep"),
        agent_id=version.agent_id,
        orchestration_id=version.agent_id if version.kind is AgentKind.ORCHESTRATION else None,
        version=version.version,
        gateway_id=gateway.id,
        deployed_by=request.by,
        api_endpoint=api_endpoint(gateway.url, name),
        cli_command=cli_command(name, request.sample, channels, studio_url),
        mcp_endpoint=mcp_endpoint(gateway.url, name, channels),
        name=name,
    )
    session.add(deployment)
    session.flush()
    accepted = StatusChange(deployment_id=deployment.id, event="requested", to_status=deployment.status, by=request.by)
    session.add(accepted)
    return deployment


def write_revision(session: Session, deployment: Deployment, request: DeploymentRequest) -> Revision:
    """The next revision of a deployment; revisions are never changed but for what became of them."""
    highest = session.exec(select(func.max(Revision.number)).where(Revision.deployment_id == deployment.id)).one()
    revision = Revision(
        deployment_id=deployment.id,
        number=(highest or 0) + 1,
        version_id=request.version.id,
        version=request.version.version,
        sha256=request.version.sha256,
        options=request.options.model_dump(mode="json"),
        reason=request.reason,
        created_by=request.by,
    )
    session.add(revision)
    deployment.desired_state = DesiredState.RUNNING
    return revision


def revision_to_run(session: Session, deployment: Deployment) -> Revision:
    """What start, restart and repair bring up: the live revision, else the newest that was proven, else the newest."""
    newest_first = select(Revision).where(Revision.deployment_id == deployment.id).order_by(Revision.number.desc())
    revisions = session.exec(newest_first).all()
    live = (revision for revision in revisions if revision.number == deployment.live_revision)
    proven = (revision for revision in revisions if revision.proven_at)
    return next(live, None) or next(proven, revisions[0])
