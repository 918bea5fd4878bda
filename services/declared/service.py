"""``nexdeck apply`` and ``export``: what was declared in YAML becomes what is deployed, and the other way round."""

import asyncio
from dataclasses import dataclass
from itertools import groupby

from sqlmodel import Session

from nexdeck.models.actor import Actor
from nexdeck.models.declared import DEFAULT_GATEWAY, DeclaredDeployment
from nexdeck.models.deployment import OperationStatus
from nexdeck.services.declared.resolve import Resolved, present_deployments, raise_for, resolve
from nexdeck.services.declared.source import read_declared, written
from nexdeck.services.deployments.journal import OperationDetail
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Conflict, Fault, InvalidInput, StudioError
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rollout.requests import DeploymentRequest, check_request
from nexdeck.services.rollout.revisions import require_unbroken
from nexdeck.services.rollout.service import Change, NexusDeploymentService
from nexdeck.services.rules.declared import Action, PlannedChange, Present, plan

AT_ONCE = 4  # each rollout starts a process for its proof: many at a time would only wait for each other
WHY = "declared"
ALLOW = "that was not allowed (--allow-breaking; REST: allow_breaking)"


@dataclass(frozen=True)
class AppliedChange:
    """What became of a planned change. ``operation`` is None when it was refused or never begun, as ``error`` tells."""

    planned: PlannedChange
    operation: OperationDetail | None = None
    key: str | None = None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.operation is not None and self.operation.operation.status is OperationStatus.SUCCEEDED


class DeclaredDeployments:
    def __init__(self, database: Database, deployments: NexusDeploymentService, secrets: SecretVault) -> None:
        self._database = database
        self._deployments = deployments
        self._secrets = secrets

    async def plan(
        self, source: str, *, prune: bool = False, allow_breaking: bool = False, actor: Actor
    ) -> list[PlannedChange]:
        """What ``apply`` would do. Raises SourceInvalid with the place of everything that cannot be done."""
        declared = await asyncio.to_thread(read_declared, source)

        def query(session: Session) -> tuple[list[Resolved], list[Present]]:
            return resolve(session, declared), present_deployments(session)

        resolved, present = await self._database.read(query)
        changes = plan((each.wanted for each in resolved), present, prune=prune)
        await self._check(resolved, changes, allow_breaking, actor.name)
        return changes

    async def apply(
        self, changes: list[PlannedChange], *, allow_breaking: bool = False, actor: Actor
    ) -> list[AppliedChange]:
        """Carry a plan out and wait for its end. One that fails keeps back those after it on its deployment."""
        slots = asyncio.Semaphore(AT_ONCE)
        due = [change for change in changes if change.action is not Action.NONE]
        groups = [list(group) for _, group in groupby(due, lambda change: (change.gateway, change.name))]

        async def carry_out(group: list[PlannedChange]) -> list[AppliedChange]:
            async with slots:
                return await self._in_turn(group, allow_breaking, actor)

        return [done for group in await asyncio.gather(*map(carry_out, groups)) for done in group]

    async def export(self, *, actor: Actor) -> str:
        """All deployments as YAML, in a stable order. Names of secrets are in it, values are not."""

        def query(session: Session) -> list[DeclaredDeployment]:
            return [
                DeclaredDeployment(
                    name=each.name,
                    agent=each.agent,
                    version=each.version,
                    gateway=DEFAULT_GATEWAY if each.dedicated else each.gateway,
                    dedicated=each.dedicated,
                    state=each.state,
                    options=each.options.model_dump(),
                )
                for each in present_deployments(session)
            ]

        return written(await self._database.read(query))

    async def _check(
        self, resolved: list[Resolved], changes: list[PlannedChange], allow_breaking: bool, by: str
    ) -> None:
        """What a request would be refused for is told before anything is done."""
        deploys = {
            (c.gateway, c.name): c for c in changes if c.action in (Action.CREATE, Action.REDEPLOY, Action.START)
        }
        faults: list[Fault] = []
        for each in resolved:
            change = deploys.get((each.wanted.gateway, each.wanted.name))
            if change is None:
                continue
            request = DeploymentRequest(each.version, each.wanted.options, by)
            try:
                await check_request(request, self._secrets)
                if change.action is Action.REDEPLOY and not allow_breaking:
                    await self._database.read(lambda session, c=change, r=request: _require_unbroken(session, c, r))
            except Conflict as error:
                words = "; ".join(fault.message for fault in error.errors)
                faults.append(each.declaration.fault(("version",), f"callers would break, and {ALLOW}: {words}"))
            except InvalidInput as error:
                faults += [each.declaration.fault(tuple(f.path.split(".")), f.message) for f in error.errors]
        raise_for(faults)

    async def _in_turn(self, group: list[PlannedChange], allow_breaking: bool, actor: Actor) -> list[AppliedChange]:
        done: list[AppliedChange] = []
        deployment = group[0].present.id if group[0].present else None
        for change in group:
            if done and not done[-1].succeeded:
                done.append(AppliedChange(change, error=f"left out, as the {done[-1].planned.action} did not succeed"))
                continue
            try:
                accepted = await self._request(change, deployment, allow_breaking, actor)
            except StudioError as error:
                done.append(AppliedChange(change, error=error.message))
                continue
            deployment = accepted.deployment.id
            ended = await self._deployments.wait(accepted.operation.operation.id, actor=actor)
            done.append(AppliedChange(change, ended, accepted.key, ended.operation.error))
        return done

    async def _request(
        self, change: PlannedChange, deployment: str | None, allow_breaking: bool, actor: Actor
    ) -> Change:
        service, wanted = self._deployments, change.wanted
        match change.action:
            case Action.CREATE:
                return await service.request_deploy(
                    wanted.agent,
                    wanted.version,
                    None if wanted.dedicated else wanted.gateway,
                    name=wanted.name,
                    options=wanted.options,
                    dedicated=wanted.dedicated,
                    actor=actor,
                )
            case Action.REDEPLOY:
                return await service.redeploy(
                    deployment,
                    version=wanted.version,
                    options=wanted.options,
                    reason=WHY,
                    allow_breaking=allow_breaking,
                    actor=actor,
                )
            case Action.START:
                return await service.start(deployment, actor=actor)
            case Action.STOP:
                return await service.stop(deployment, actor=actor)
            case Action.UNDEPLOY:
                return await service.undeploy(deployment, actor=actor)
        raise ValueError(f"{change.action} is nothing to be done")


def _require_unbroken(session: Session, change: PlannedChange, request: DeploymentRequest) -> None:
    require_unbroken(session, find_deployment(session, change.present.id), request)
