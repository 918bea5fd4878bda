"""Carries out the steps of an operation on the gateway. It knows nothing of requests, only of getting there."""

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any

from sqlmodel import update

from nexdeck.models.base import now
from nexdeck.models.control import CanaryRequest, LiveRequest
from nexdeck.models.deployment import (
    Deployment,
    DeploymentStatus,
    Operation,
    OperationKind,
    Revision,
    StepStatus,
)
from nexdeck.models.manifest import RevisionBundle
from nexdeck.services.deployments.journal import CANARY, PROOFS, Journal, read_operation
from nexdeck.services.errors import (
    GatewayError,
    RevisionLost,
)
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.keys.delivery import KeyDelivery
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rollout.canary import Canaries
from nexdeck.services.rollout.outcomes import ConfirmedGateway, OnMessage, holds, ready, serves
from nexdeck.services.rollout.proof import ProofCall, Prover
from nexdeck.services.rollout.requests import secrets_needed
from nexdeck.services.rollout.target import RolloutTarget, bundle_of, read_target
from nexdeck.services.rules.endpoints import api_endpoint, cli_command, mcp_endpoint
from nexdeck.services.rules.lifecycle import PUTS_LIVE

logger = logging.getLogger(__name__)
SWITCH_SECONDS = 5.0  # for a switch that is under way when its operation is to end
MOST_STARTS = 3  # of a gateway in one operation


class Rollout:
    def __init__(
        self,
        database: Database,
        journal: Journal,
        secrets: SecretVault,
        gateways: GatewayDirectory,
        keys: KeyDelivery,
        prover: Prover,
        canaries: Canaries,
        studio_url: str,
    ) -> None:
        self._database = database
        self._journal = journal
        self._secrets = secrets
        self._gateways = gateways
        self._keys = keys
        self._prover = prover
        self._canaries = canaries
        self._studio_url = studio_url

    async def run(self, operation: Operation, begun: set[str]) -> None:
        """All steps in order; of those that were begun before, only what the gateway does not show to be done.

        Raises the StudioError of the step that failed; the gateway may then hold a remainder. Gives up by itself only
        where the gateway cannot be reached at the first step: bound it with a timeout.
        """
        target = await self._database.read(lambda session: read_target(session, operation))
        client = self._gateways.client(target.gateway)
        if operation.kind in PUTS_LIVE:
            await self._bring_up(operation, target, client, begun)
        else:
            await self._take_down(operation, target, client)

    async def clear_remainder(self, operation: Operation) -> None:
        """After a rollout that did not get there: take the unproven revision off the gateway, keep the live one."""
        target = await self._database.read(lambda session: read_target(session, operation))
        client = self._gateways.client(target.gateway)
        if operation.kind not in PUTS_LIVE or target.deployment.live_revision == target.revision.number:
            return
        if target.deployment.live_revision is None:
            await client.remove(target.deployment.id)
        else:
            await client.unload(target.deployment.id, target.revision.number)

    async def _bring_up(
        self, operation: Operation, target: RolloutTarget, client: GatewayClient, begun: set[str]
    ) -> None:
        number, sha256 = target.revision.number, target.version.sha256
        if target.deployment.status is not DeploymentStatus.DEPLOYING:
            await self._journal.advance(operation, "begun")
        async with self._journal.step(operation, "check") as said:
            state = await ready(client, target.gateway, self._remark(operation, "check"))
            values = await self._secrets.values(secrets_needed(target.version, target.options))
            said.append(f"gateway {target.gateway.name} {state.version} answers; {len(values)} secrets found")
        async with self._journal.step(operation, "build") as said:
            bundle = bundle_of(target, values)
            said.append(f"{len(bundle.module.encode())} bytes, SHA-256 {bundle.sha256[:12]}…")
        held = next((held for held in state.deployments if held.deployment_id == target.deployment.id), None)
        if "switch" in begun and serves(held, number, sha256):
            async with self._journal.step(operation, "switch") as said:
                await self._note_live(target)
                said.append(f"revision {number} was found serving: it had been switched to before")
            return
        if operation.kind is OperationKind.RESTART and "register" not in begun:
            async with self._journal.step(operation, "remove"):
                await self._settled(operation, target, client, "remove").remove()
                await self._set(target.deployment, live_revision=None)
        done = await self._proven_before(operation) if "register" in begun and holds(held, number, sha256) else set()
        await self._install(operation, target, client, bundle, done)

    async def _install(
        self, operation: Operation, target: RolloutTarget, client: GatewayClient, bundle: RevisionBundle, done: set[str]
    ) -> None:
        """Load, prove and switch; from the beginning where the gateway lost the revision, but not again and again."""
        for started_anew in range(MOST_STARTS):
            try:
                await self._register(operation, target, client, bundle, "register" in done)
                await self._prove(operation, target, client, done)
                await self._try_out(operation, target, client, done)
                await _to_its_end(self._switch(operation, target, client))
                return
            except RevisionLost:
                done = set()
                logger.warning("%s was lost by its gateway (%d)", target.deployment.name, started_anew + 1)
        raise GatewayError(
            f"The gateway was started anew {MOST_STARTS} times while revision {bundle.revision} was being proven on "
            "it. Does the agent end the process, or use up its memory? The gateway's process log tells more."
        )

    async def _register(
        self, operation: Operation, target: RolloutTarget, client: GatewayClient, bundle: RevisionBundle, is_done: bool
    ) -> None:
        async with self._journal.step(operation, "register") as said:
            if not is_done:
                await self._settled(operation, target, client, "register").load(bundle)
            said.append(f"revision {bundle.revision} " + ("was found loaded" if is_done else "is loaded"))

    async def _prove(self, operation: Operation, target: RolloutTarget, client: GatewayClient, done: set[str]) -> None:
        deployment, revision = target.deployment, target.revision
        call = ProofCall(deployment.id, deployment.name, revision.number, target.sample, target.options.limits)
        token = self._secrets.decrypt(target.gateway.encrypted_token)
        for channel in target.options.channels:
            name = PROOFS[channel]
            if name in done:
                continue
            async with self._journal.step(operation, name) as said:
                attempt = partial(self._prover.prove, channel, client, token, call)
                settled = self._settled(operation, target, client, name)
                said.append(await settled.prove(attempt, revision.number, revision.sha256))

    async def _try_out(
        self, operation: Operation, target: RolloutTarget, client: GatewayClient, done: set[str]
    ) -> None:
        if CANARY in done or not await self._journal.has_step(operation, CANARY):
            return
        share = CanaryRequest(
            revision=target.revision.number, sha256=target.revision.sha256, percent=target.options.canary.percent
        )
        async with self._journal.step(operation, CANARY) as said:
            remark = self._remark(operation, CANARY)
            settled = ConfirmedGateway(client, target.deployment.id, remark)
            said.append(await self._canaries.see_through(operation, lambda: settled.give_share(share), remark))
            await self._journal.remark(operation, CANARY, "")  # the figures in between are not worth keeping

    async def _switch(self, operation: Operation, target: RolloutTarget, client: GatewayClient) -> None:
        number, sha256 = target.revision.number, target.revision.sha256
        async with self._journal.step(operation, "switch") as said:
            request = LiveRequest(revision=number, sha256=sha256)
            state = await self._settled(operation, target, client, "switch").go_live(request)
            await self._note_live(target)
            await self._keys.catch_up(state)
            said.append(f"revision {number} serves")

    async def _take_down(self, operation: Operation, target: RolloutTarget, client: GatewayClient) -> None:
        async with self._journal.step(operation, "remove") as said:
            state = await ready(client, target.gateway, self._remark(operation, "remove"))
            if any(held.deployment_id == target.deployment.id for held in state.deployments):
                await self._settled(operation, target, client, "remove").remove()
            else:
                said.append("it was found gone")
        async with self._journal.step(operation, "confirm") as said:
            if await self._settled(operation, target, client, "confirm").held() is not None:
                raise GatewayError(f"{target.gateway.name} still holds {target.deployment.name}.")
            said.append("its absence was observed")

    def _settled(
        self, operation: Operation, target: RolloutTarget, client: GatewayClient, step: str
    ) -> ConfirmedGateway:
        return ConfirmedGateway(client, target.deployment.id, self._remark(operation, step))

    def _remark(self, operation: Operation, step: str) -> OnMessage:
        """Tells in the step what it waits for; the same thing once."""
        told: list[str] = []

        async def remark(message: str) -> None:
            if message not in told[-1:]:
                told.append(message)
                await self._journal.remark(operation, step, message)

        return remark

    async def _proven_before(self, operation: Operation) -> set[str]:
        """The steps that need not be done again: what is loaded is what was proven, since a new start loses it."""
        detail = await self._database.read(lambda session: read_operation(session, operation.id))
        return {step.name for step in detail.steps if step.status is StepStatus.SUCCEEDED} | {"register"}

    async def _note_live(self, target: RolloutTarget) -> None:
        """The endpoints of what serves from now on, so that no moment shows a running one with stale endpoints."""
        name, url, channels = target.deployment.name, target.gateway.url, target.options.channels
        await self._set(
            target.deployment,
            live_revision=target.revision.number,
            version=target.version.version,
            api_endpoint=api_endpoint(url, name),
            mcp_endpoint=mcp_endpoint(url, name, channels),
            cli_command=cli_command(name, target.sample, channels, self._studio_url),
            deployed_at=now(),
            deployed_by=target.revision.created_by,
            stopped_at=None,
        )
        proven = update(Revision).where(Revision.id == target.revision.id).values(proven_at=now(), failed_at=None)
        await self._database.write(lambda session: session.exec(proven))

    async def _set(self, deployment: Deployment, **values: Any) -> None:
        change = update(Deployment).where(Deployment.id == deployment.id).values(values)
        await self._database.write(lambda session: session.exec(change))


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Let the switch run to its end even when cancelled, for a while: half of it would leave us wrong about what
    serves, until the next probe of the gateway."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        _, unended = await asyncio.wait([task], timeout=SWITCH_SECONDS)
        if unended:
            task.cancel()
            await asyncio.wait([task])
        raise
