"""Carries out the steps of an operation on the gateway. It knows nothing of requests, only of getting there."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, select, update

from models.agent import Agent, AgentVersion
from models.base import now
from models.deployment import Deployment, DeploymentOptions, Operation, OperationKind, Revision
from models.gateway import Gateway, GatewayKind
from models.wire import GatewayState, KeysRequest, LiveRequest, Manifest, RevisionBundle, hash_of
from services.database import Database
from services.deployment_requests import secrets_needed
from services.errors import ArtifactRejected, GatewayError, GatewayUnreachable
from services.gateway_client import GatewayClient
from services.gateways import GatewayDirectory
from services.key_delivery import KeyDelivery, accepted_keys
from services.operations import PROOFS, Journal
from services.proof import ProofCall, Prover
from services.rules.endpoints import api_endpoint, cli_command, mcp_endpoint
from services.rules.lifecycle import PUTS_LIVE
from services.secrets import SecretVault

READY_SECONDS = 15.0


@dataclass(frozen=True)
class Target:
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


class Rollout:
    def __init__(
        self,
        database: Database,
        journal: Journal,
        secrets: SecretVault,
        gateways: GatewayDirectory,
        keys: KeyDelivery,
        prover: Prover,
        studio_url: str,
    ) -> None:
        self._database = database
        self._journal = journal
        self._secrets = secrets
        self._gateways = gateways
        self._keys = keys
        self._prover = prover
        self._studio_url = studio_url

    async def run(self, operation: Operation) -> None:
        """All steps in order. Raises the StudioError of the step that failed; the gateway may then hold a remainder."""
        target = await self._database.read(lambda session: read_target(session, operation))
        client = self._gateways.client(target.gateway)
        if operation.kind in PUTS_LIVE:
            await self._bring_up(operation, target, client)
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

    async def _bring_up(self, operation: Operation, target: Target, client: GatewayClient) -> None:
        deployment, number = target.deployment, target.revision.number
        await self._journal.advance(operation, "begun")
        async with self._journal.step(operation, "check") as said:
            state = await _ready(client, target.gateway)
            values = await self._secrets.values(secrets_needed(target.version, target.options))
            said.append(f"gateway {target.gateway.name} {state.version} answers; {len(values)} secrets found")
        async with self._journal.step(operation, "build") as said:
            bundle = _bundle(target, values)
            said.append(f"{len(bundle.module.encode())} bytes, SHA-256 {bundle.sha256[:12]}…")
        if operation.kind is OperationKind.RESTART:
            async with self._journal.step(operation, "remove"):
                await client.remove(deployment.id)
                await self._set(deployment, live_revision=None)
        async with self._journal.step(operation, "register") as said:
            await client.load(deployment.id, bundle)
            said.append(f"revision {number} is loaded")
        call = ProofCall(deployment.id, deployment.name, number, target.sample, target.options.limits)
        token = self._secrets.decrypt(target.gateway.encrypted_token)
        for channel in target.options.channels:
            async with self._journal.step(operation, PROOFS[channel]) as said:
                said.append(await self._prover.prove(channel, client, token, call))
        await _to_its_end(self._switch(operation, target, client, bundle.sha256))

    async def _switch(self, operation: Operation, target: Target, client: GatewayClient, sha256: str) -> None:
        number = target.revision.number
        async with self._journal.step(operation, "switch") as said:
            state = await client.go_live(target.deployment.id, LiveRequest(revision=number, sha256=sha256))
            if state.live is None or (state.live.revision, state.live.sha256) != (number, sha256):
                raise GatewayError(f"The gateway did not switch to revision {number}.")
            await self._note_live(target)
            await self._keys.catch_up(state)
            said.append(f"revision {number} serves")

    async def _take_down(self, operation: Operation, target: Target, client: GatewayClient) -> None:
        async with self._journal.step(operation, "remove"):
            await client.remove(target.deployment.id)
        async with self._journal.step(operation, "confirm") as said:
            if any(d.deployment_id == target.deployment.id for d in (await client.state()).deployments):
                raise GatewayError(f"{target.gateway.name} still holds {target.deployment.name}.")
            said.append("its absence was observed")

    async def _note_live(self, target: Target) -> None:
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


def read_target(session: Session, operation: Operation) -> Target:
    deployment = session.get_one(Deployment, operation.deployment_id)
    of_it = select(Revision).where(Revision.deployment_id == deployment.id, Revision.number == operation.revision)
    revision = session.exec(of_it).one()
    version = session.get_one(AgentVersion, revision.version_id)
    return Target(
        deployment=deployment,
        revision=revision,
        version=version,
        agent_name=session.get_one(Agent, version.agent_id).name,
        gateway=session.get_one(Gateway, deployment.gateway_id),
        options=DeploymentOptions.model_validate(revision.options),
        keys=accepted_keys(session, deployment.id),
    )


def _bundle(target: Target, secret_values: dict[str, str]) -> RevisionBundle:
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
        ),
        environment={**options.environment, **secret_values},
        **dict(target.keys),
    )


async def _ready(client: GatewayClient, gateway: Gateway) -> GatewayState:
    """The gateway's state once it has restored what it had. One of our own may be on its way up: that is awaited."""
    trouble = GatewayUnreachable(f"The gateway {gateway.name} is still restoring what it had. Try again in a moment.")
    for _ in range(int(READY_SECONDS / 0.1)):
        try:
            state = await client.state()
        except GatewayUnreachable as error:
            if gateway.kind is not GatewayKind.LOCAL:
                raise
            trouble = error
        else:
            if state.ready:
                return state
        await asyncio.sleep(0.1)
    raise trouble


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Let the switch run to its end even when cancelled: half of it would leave us wrong about what serves."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
