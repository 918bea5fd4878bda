"""``NexusDeploymentService``: puts agents on gateways, takes them off, and lets nothing get stuck between.

Every change is the same three moves: write the desired state and an operation in one transaction, carry the operation
out in the background (``converge``), record how it ended. A newer request supersedes the one under way.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from nexdeck.models.actor import Actor
from nexdeck.models.base import new_id, now
from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState, OperationKind, Revision
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.deployments.journal import OperationDetail, open_operation, read_operation
from nexdeck.services.deployments.views import DeploymentReader, find_deployment
from nexdeck.services.errors import Conflict
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.gateways.local import LocalGateways
from nexdeck.services.health.service import HealthService, HealthStatus
from nexdeck.services.keys.service import add_key
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rollout.canary import canary_under_way
from nexdeck.services.rollout.executor import OperationExecutor
from nexdeck.services.rollout.placement import place_for
from nexdeck.services.rollout.requests import (
    DeploymentRequest,
    check_request,
    revision_to_run,
    write_deployment,
    write_revision,
)
from nexdeck.services.rollout.revisions import (
    request_of,
    require_reason,
    require_unbroken,
    rollback_target,
)
from nexdeck.services.rules.lifecycle import transition

SYSTEM = Actor.system()
SUPERSEDED_AT_MOST = 5  # operations by one request
Write = Callable[[Session, Deployment], Revision]


@dataclass(frozen=True)
class Change:
    """A change that was accepted and is under way; ``key`` is a new invocation key, to be shown once."""

    deployment: Deployment
    operation: OperationDetail
    key: str | None = None


class NexusDeploymentService(DeploymentReader):
    def __init__(
        self,
        database: Database,
        changes: Changes,
        agents: AgentCatalog,
        gateways: GatewayDirectory,
        secrets: SecretVault,
        health: HealthService,
        executor: OperationExecutor,
        local_gateways: LocalGateways,
        studio_url: str,
    ) -> None:
        super().__init__(database)
        self._agents = agents
        self._gateways = gateways
        self._local_gateways = local_gateways
        self._secrets = secrets
        self._executor = executor
        self._studio_url = studio_url
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._health = health

    async def health_check(self, deployment_id: str, *, actor: Actor) -> HealthStatus:
        """Probe the deployment's gateway now; see ``HealthService.health_check``."""
        return await self._health.health_check(deployment_id, actor=actor)

    async def wait(self, operation_id: str, seconds: float | None = None, *, actor: Actor) -> OperationDetail:
        """Until an operation has ended, or ``seconds`` have passed; see ``OperationExecutor.wait``."""
        return await self._executor.wait(operation_id, seconds)

    async def deploy_agent(
        self,
        agent_id: str,
        version: str | None,
        gateway_id: str,
        *,
        name: str | None = None,
        options: DeploymentOptions | None = None,
        actor: Actor = SYSTEM,
    ) -> Deployment:
        """Deploy and wait for the end: the deployment is ``running``, or ``failed`` with ``error_message``.

        Agent and gateway by id or name; version None is the newest. Raises as ``request_deploy`` does.
        """
        change = await self.request_deploy(agent_id, version, gateway_id, name=name, options=options, actor=actor)
        await self.wait(change.operation.operation.id, actor=actor)
        return await self.get(change.deployment.id, actor=actor)

    async def request_deploy(
        self,
        agent: str,
        version: str | None = None,
        gateway: str | None = None,
        *,
        name: str | None = None,
        options: DeploymentOptions | None = None,
        dedicated: bool = False,
        actor: Actor,
    ) -> Change:
        """Accept a deployment and begin; ``dedicated``: on a new gateway of its name, which comes and goes with it.

        Raises NotFound, InvalidInput or Conflict, and then nothing was written."""
        detail = await self._agents.get(agent, actor=actor)
        wanted = await self._agents.version(detail.agent.id, version, actor=actor)
        request = DeploymentRequest(wanted, options or DeploymentOptions(), actor.name)
        await check_request(request, self._secrets)
        name, deployment_id = name or detail.agent.name, new_id("dep")

        def write(session: Session) -> Change:
            place.write(session, deployment_id)
            row = write_deployment(session, request, place.gateway, name, self._studio_url, deployment_id)
            operation = open_operation(
                session, row, OperationKind.DEPLOY, write_revision(session, row, request), actor.name
            )
            key = add_key(session, row.id, "first key", actor.name)[1] if request.options.require_key else None
            session.flush()
            return Change(row, read_operation(session, operation.id), key)

        gateways = self._gateways, self._local_gateways
        async with place_for(*gateways, gateway, name if dedicated else None, actor) as place:
            change = await self._database.write(write)
        self._executor.converge(change.deployment.id)
        return change

    async def redeploy(
        self,
        deployment: str,
        *,
        version: str | None = None,
        options: DeploymentOptions | None = None,
        reason: str = "",
        allow_breaking: bool = False,
        actor: Actor,
    ) -> Change:
        """A new revision beside the live one, then in its place; version None is the newest, options None as before.

        Raises Conflict (``breaking_change``, an error for each) where callers would break and that was not allowed.
        """
        detail = await self.overview(deployment, actor=actor)
        wanted = await self._agents.version(detail.summary.deployment.agent_id, version, actor=actor)
        request = DeploymentRequest(wanted, options or detail.options, actor.name, reason)
        await check_request(request, self._secrets)

        def write(session: Session, row: Deployment) -> Revision:
            if not allow_breaking:
                require_unbroken(session, row, request)
            return write_revision(session, row, request)

        if not allow_breaking:  # before what is under way gives way to it, and again when nothing can come between
            row = detail.summary.deployment
            await self._database.read(lambda session: require_unbroken(session, row, request))
        return await self._change(deployment, OperationKind.REDEPLOY, write, actor)

    async def rollback(self, deployment: str, *, revision: int | None = None, reason: str, actor: Actor) -> Change:
        """A new revision that runs what an earlier one ran; None is the newest proven one before the live one.

        Whoever rolls back is in a hurry for good reason, so the contract gate does not hold it up. Raises NotFound,
        Conflict for a revision that there is no way back to, InvalidInput without a reason.
        """
        reason = require_reason(reason)

        def wish(session: Session, row: Deployment) -> DeploymentRequest:
            return request_of(session, rollback_target(session, row, revision), actor.name, reason)

        row = await self.get(deployment, actor=actor)
        request = await self._database.read(lambda session: wish(session, row))
        await check_request(request, self._secrets)
        return await self._change(
            deployment, OperationKind.ROLLBACK, lambda session, row: write_revision(session, row, request), actor
        )

    async def start(self, deployment: str, *, actor: Actor) -> Change:
        return await self._change(deployment, OperationKind.START, _again, actor)

    async def restart(self, deployment: str, *, actor: Actor) -> Change:
        """Load the same revision afresh, with the secrets as they are now. It is away for the moment between."""
        return await self._change(deployment, OperationKind.RESTART, _again, actor)

    async def stop(self, deployment: str, *, actor: Actor) -> Change:
        """Off the gateway after the last call has ended; everything else of it is kept."""
        return await self._change(deployment, OperationKind.STOP, _to(DesiredState.STOPPED), actor)

    async def undeploy(self, deployment: str, *, actor: Actor) -> Change:
        """Off the gateway and out of the lists; its history is kept and its name is free again."""
        return await self._change(deployment, OperationKind.UNDEPLOY, _to(DesiredState.ABSENT), actor)

    async def cancel(self, deployment: str, *, actor: Actor) -> Change:
        """End the active operation; what was live before stays live. Raises Conflict when nothing is under way."""
        row = await self.get(deployment, actor=actor)
        async with self._turns[row.id]:
            ended = await self._executor.supersede(row.id, actor.name, f"cancelled by {actor.name}")
            if ended is None:
                raise Conflict(f"Nothing is under way on {row.name}.", code="nothing_to_cancel")
        return Change(await self.get(row.id, actor=actor), await self.operation(ended.id, actor=actor))

    async def promote(self, deployment: str, *, actor: Actor) -> Change:
        """Let the canary have all callers now, whatever its figures. Raises Conflict when none is under way."""

        def change(session: Session) -> Change:
            detail = canary_under_way(session, deployment)
            detail.operation.promoted_by = actor.name
            return Change(find_deployment(session, deployment), detail)

        return await self._database.write(change)

    async def _change(self, deployment: str, kind: OperationKind, write: Write, actor: Actor) -> Change:
        row = await self.get(deployment, actor=actor)
        if row.undeployed_at is not None:
            raise Conflict(f"{row.name} was undeployed; deploy the agent again.", code="undeployed")

        def open_it(session: Session) -> Change:
            current = find_deployment(session, row.id)
            revision = write(session, current)
            restarted = current.desired_state is DesiredState.RUNNING
            if restarted and current.status in (DeploymentStatus.STOPPED, DeploymentStatus.FAILED):
                session.add(transition(current, "requested", by=actor.name))
            current.updated_at = now()
            operation = open_operation(session, current, kind, revision, actor.name)
            session.flush()
            return Change(current, read_operation(session, operation.id))

        async with self._turns[row.id]:
            for _ in range(SUPERSEDED_AT_MOST):
                await self._executor.supersede(row.id, actor.name, f"superseded by a {kind} of {actor.name}")
                with suppress(IntegrityError):  # the reconciler, or another Nexdeck, began one in between
                    change = await self._database.write(open_it)
                    self._executor.converge(row.id)
                    return change
        raise Conflict(f"{row.name} is being changed all the time by somebody else; try again.", code="busy")


def _again(session: Session, row: Deployment) -> Revision:
    row.desired_state = DesiredState.RUNNING
    return revision_to_run(session, row)


def _to(desired: DesiredState) -> Write:
    def write(session: Session, row: Deployment) -> Revision:
        row.desired_state = desired
        return revision_to_run(session, row)

    return write
