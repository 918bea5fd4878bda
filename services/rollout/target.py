"""What an operation is about, read once when it begins, and the bundle that is made of it for the gateway."""

from dataclasses import dataclass

from sqlmodel import Session, select

from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.control import KeysRequest
from nexdeck.models.deployment import Deployment, Operation, Revision
from nexdeck.models.gateway import Gateway
from nexdeck.models.manifest import Manifest, RevisionBundle, hash_of
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.errors import ArtifactRejected
from nexdeck.services.keys.delivery import accepted_keys


@dataclass(frozen=True)
class RolloutTarget:
    """Everything an operation needs to know, read once when it begins."""

    deployment: Deployment
    revision: Revision
    version: AgentVersion
    agent_name: str
    gateway: Gateway
    options: DeploymentOptions
    keys: KeysRequest

    @property
    def sample(self) -> dict:
        return self.options.sample_input or self.version.sample or {}


def read_target(session: Session, operation: Operation) -> RolloutTarget:
    deployment = session.get_one(Deployment, operation.deployment_id)
    of_it = select(Revision).where(Revision.deployment_id == deployment.id, Revision.number == operation.revision)
    revision = session.exec(of_it).one()
    version = session.get_one(AgentVersion, revision.version_id)
    return RolloutTarget(
        deployment=deployment,
        revision=revision,
        version=version,
        agent_name=session.get_one(Agent, version.agent_id).name,
        gateway=session.get_one(Gateway, deployment.gateway_id),
        options=DeploymentOptions.model_validate(revision.options),
        keys=accepted_keys(session, deployment.id),
    )


def bundle_of(target: RolloutTarget, secret_values: dict[str, str]) -> RevisionBundle:
    version, options = target.version, target.options
    if hash_of(version.module) != version.sha256:
        raise ArtifactRejected(
            f"The stored module of {target.agent_name} {version.version} is not the one that was catalogued: its "
            "SHA-256 differs. Add the version again under a new label.",
            code="artifact_damaged",
        )
    return RevisionBundle(
        name=target.deployment.name,
        revision=target.revision.number,
        sha256=version.sha256,
        module=version.module,
        manifest=Manifest(
            agent=target.agent_name,
            version=version.version,
            kind=version.kind,
            description=version.description,
            input_schema=version.input_schema,
            output_schema=version.output_schema,
            channels=options.channels,
            limits=options.limits,
            require_key=options.require_key,
            record=options.record,
            inherit_environment=options.inherit_environment,
        ),
        environment={**options.environment, **secret_values},
        **dict(target.keys),
    )
