"""What gateways hold that no deployment of ours accounts for: it is removed, or adopted as a deployment."""

from dataclasses import dataclass

from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.control import DeploymentState
from nexdeck.models.deployment import Deployment, OperationKind, Revision, Secret
from nexdeck.models.gateway import Gateway
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.deployments.journal import open_operation, read_operation
from nexdeck.services.errors import Conflict, NotFound
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.keys.service import add_key
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rollout.executor import OperationExecutor
from nexdeck.services.rollout.reconciler import Reconciler
from nexdeck.services.rollout.requests import DeploymentRequest, check_request, write_deployment, write_revision
from nexdeck.services.rollout.service import Change


@dataclass(frozen=True)
class Orphan:
    """``version``: what in the catalog has the same SHA-256; ``obstacle``: why it cannot be adopted, None if it can."""

    held: DeploymentState
    agent: str | None = None
    version: AgentVersion | None = None
    obstacle: str | None = None


class Orphans:
    def __init__(
        self,
        database: Database,
        secrets: SecretVault,
        gateways: GatewayDirectory,
        reconciler: Reconciler,
        executor: OperationExecutor,
        studio_url: str,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._gateways = gateways
        self._reconciler = reconciler
        self._executor = executor
        self._studio_url = studio_url

    async def list(self, gateway: str, *, actor: Actor) -> list[Orphan]:
        """As the last probe of the gateway saw them."""
        row = await self._gateways.get(gateway, actor=actor)
        held = self._reconciler.orphans(row.id)
        return await self._database.read(lambda session: [_judge(session, row, each) for each in held]) if held else []

    async def remove(self, gateway: str, deployment_id: str, *, actor: Actor) -> None:
        """Take it off the gateway. Raises NotFound for what is not there or is a deployment of ours."""
        row, orphan = await self._find(gateway, deployment_id, actor)
        await self._gateways.client(row).remove(orphan.held.deployment_id)
        await self._reconciler.check(row.id, actor=actor)

    async def adopt(self, gateway: str, deployment_id: str, *, actor: Actor) -> Change:
        """Make a deployment of it, with its id, name and options; a revision of ours is proven beside what serves.

        Raises NotFound, or Conflict (``not_adoptable``) with the reason.
        """
        row, orphan = await self._find(gateway, deployment_id, actor)
        if orphan.obstacle is not None:
            raise Conflict(f"{orphan.held.name} cannot be adopted: {orphan.obstacle}", code="not_adoptable")
        request = DeploymentRequest(orphan.version, _options(orphan), actor.name, f"adopted from {row.name}")
        await check_request(request, self._secrets)

        def write(session: Session) -> Change:
            held = orphan.held
            deployment = write_deployment(session, request, row, held.name, self._studio_url, held.deployment_id)
            session.add(_as_it_serves(held, request))
            session.flush()
            deployment.live_revision = held.live.revision
            ours = write_revision(session, deployment, request)
            operation = open_operation(session, deployment, OperationKind.REDEPLOY, ours, actor.name)
            key = add_key(session, deployment.id, "first key", actor.name)[1] if request.options.require_key else None
            session.flush()
            return Change(deployment, read_operation(session, operation.id), key)

        change = await self._database.write(write)
        self._executor.converge(change.deployment.id)
        await self._reconciler.check(row.id, actor=actor)
        return change

    async def _find(self, gateway: str, deployment_id: str, actor: Actor) -> tuple[Gateway, Orphan]:
        """After a probe of the gateway, so that it is judged as it is now."""
        row = await self._reconciler.check(gateway, actor=actor)
        for orphan in await self.list(row.id, actor=actor):
            if orphan.held.deployment_id == deployment_id:
                return row, orphan
        raise NotFound(f"{row.name} holds nothing unknown with the id {deployment_id[:80]!r}.")


def _judge(session: Session, gateway: Gateway, held: DeploymentState) -> Orphan:
    if held.live is None or held.options is None:
        return Orphan(held, obstacle=held.error or "the gateway does not tell what of it is live.")
    same = select(AgentVersion, Agent.name).join(Agent, Agent.id == AgentVersion.agent_id)
    found = session.exec(same.where(AgentVersion.sha256 == held.live.sha256).order_by(AgentVersion.created_at)).all()
    if not found:
        return Orphan(held, obstacle=f"no agent in the catalog has its SHA-256 ({held.live.sha256[:12]}…).")
    version, agent = next((pair for pair in found if pair[1] == held.name), found[0])
    return Orphan(held, agent, version, _obstacle(session, gateway, held))


def _obstacle(session: Session, gateway: Gateway, held: DeploymentState) -> str | None:
    if session.get(Deployment, held.deployment_id) is not None:
        return "its id belongs to another deployment here, or to one that was undeployed. Remove it and deploy anew."
    of_that_name = select(Deployment.id).where(Deployment.gateway_id == gateway.id, Deployment.name == held.name)
    if session.exec(of_that_name.where(Deployment.undeployed_at.is_(None))).first():
        return f"there is a deployment named {held.name} on {gateway.name} already, though it is not running there."
    stored = set(session.exec(select(Secret.name).where(Secret.name.in_(held.options.variables))))
    if unknown := [name for name in held.options.variables if name not in stored]:
        return f"only the gateway knows the values of {', '.join(unknown)}. Store them as secrets first."
    return None


def _options(orphan: Orphan) -> DeploymentOptions:
    """Those it has. What its variables hold is not told; each is taken from the secret of its name."""
    live = orphan.held.options
    return DeploymentOptions(
        channels=live.channels,
        require_key=live.require_key,
        limits=live.limits,
        record=live.record,
        secrets=live.variables,
    )


def _as_it_serves(held: DeploymentState, request: DeploymentRequest) -> Revision:
    """A record of what was there: it serves until ours is proven, and on if ours is not."""
    return Revision(
        deployment_id=held.deployment_id,
        number=held.live.revision,
        version_id=request.version.id,
        version=request.version.version,
        sha256=held.live.sha256,
        options=request.options.model_dump(mode="json"),
        reason="as it was found",
        created_by=request.by,
    )
