"""Brings a deployment's accepted keys to its gateway, and how they were used home from there."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam
from sqlmodel import Session, select, update

from nexdeck.models.base import now
from nexdeck.models.control import DeploymentState, GatewayState, KeysRequest, KeyUse
from nexdeck.models.deployment import Deployment, DeploymentKey, DesiredState, KeyState
from nexdeck.models.gateway import Gateway
from nexdeck.services.errors import GatewayError, StudioError
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.platform.database import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Uses:
    """What is to be added to a key's row."""

    key_id: str
    calls: int
    seen: KeyUse


class KeyDelivery:
    def __init__(self, database: Database, gateways: GatewayDirectory) -> None:
        self._database = database
        self._gateways = gateways
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def send(self, deployment_id: str) -> None:
        """Make the gateway accept just the keys that are valid now. Raises GatewayError when it cannot be told.

        A deployment that is not on its gateway gets them when it is loaded.
        """

        def query(session: Session) -> tuple[Deployment, Gateway, KeysRequest]:
            row = session.get_one(Deployment, deployment_id)
            return row, session.get_one(Gateway, row.gateway_id), accepted_keys(session, deployment_id)

        # one at a time, each with what is valid when its turn comes: an older list must not come in last
        async with self._turns[deployment_id]:
            row, gateway, keys = await self._database.read(query)
            if row.desired_state is not DesiredState.RUNNING:
                return
            try:
                await self._gateways.client(gateway).set_keys(deployment_id, keys)
            except GatewayError as error:
                if error.code != "not_deployed":
                    raise

    async def resend(self, deployment_ids: Iterable[str]) -> None:
        """To gateways that have others than they should; one that cannot be told now is told after its next probe."""
        for deployment_id in deployment_ids:
            await self._try_to_send(deployment_id)

    async def catch_up(self, held: DeploymentState) -> None:
        """After a switch: send the keys that changed while the revision was being loaded, if any did."""
        keys = await self._database.read(lambda session: accepted_keys(session, held.deployment_id))
        if _is_stale(held, keys):
            await self._try_to_send(held.deployment_id)

    async def _try_to_send(self, deployment_id: str) -> None:
        try:
            await self.send(deployment_id)
        except StudioError as error:  # the next probe of the gateway leads here again
            logger.warning("the keys of %s did not reach its gateway: %s", deployment_id, error.message)


def accepted_keys(session: Session, deployment_id: str) -> KeysRequest:
    of_it = select(DeploymentKey).where(
        DeploymentKey.deployment_id == deployment_id, DeploymentKey.revoked_at.is_(None)
    )
    return request_of(list(session.exec(of_it)))


def request_of(keys: list[DeploymentKey]) -> KeysRequest:
    at = now()
    valid = [key for key in keys if key.state(at) is KeyState.VALID]
    return KeysRequest(
        key_hashes=[key.key_hash for key in valid if key.expires_at is None],
        expiring_keys={key.key_hash: key.expires_at for key in valid if key.expires_at is not None},
    )


def note_uses(session: Session, states: Mapping[str, GatewayState]) -> dict[str, list[str]]:
    """Note the uses that probes of gateways (by id) told of. Returns the deployments whose keys each should be sent."""
    by_gateway: defaultdict[str, defaultdict[str, list[DeploymentKey]]] = defaultdict(lambda: defaultdict(list))
    for key, gateway_id in session.execute(KEYS_ON_THEM, {"them": list(states)}):
        by_gateway[gateway_id][key.deployment_id].append(key)
    stale = {}
    for gateway_id, by_deployment in by_gateway.items():
        state = states[gateway_id]
        uses, stale[gateway_id] = _compare(by_deployment, state)
        _add(session, state.boot_id, uses)
    return stale


def _compare(ours: Mapping[str, list[DeploymentKey]], state: GatewayState) -> tuple[list[Uses], list[str]]:
    """What the gateway counted since the last probe, and the ids of the deployments whose keys it should be sent."""
    uses: list[Uses] = []
    stale: list[str] = []
    for held in state.deployments:
        keys = ours.get(held.deployment_id, [])
        for key in keys:
            seen = held.key_uses.get(key.key_hash)
            if seen is not None and (calls := _new_calls(key, state.boot_id, seen.calls)):
                uses.append(Uses(key.id, calls, seen))
        if keys and _is_stale(held, request_of(keys)):
            stale.append(held.deployment_id)
    return uses, stale


def _is_stale(held: DeploymentState, keys: KeysRequest) -> bool:
    told = held.options.keys_digest if held.options else None
    return told is not None and told != keys.digest


def _new_calls(key: DeploymentKey, boot_id: str, calls: int) -> int:
    """Its counts begin at zero with each boot of the gateway and each load of the deployment."""
    went_on = key.counted_boot_id == boot_id and calls >= key.counted_uses
    return calls - key.counted_uses if went_on else calls


def _add(session: Session, boot_id: str, uses: list[Uses]) -> None:
    for use in uses:
        session.exec(
            update(DeploymentKey)
            .where(DeploymentKey.id == use.key_id)
            .values(
                use_count=DeploymentKey.use_count + use.calls,
                last_used_at=use.seen.last_at,
                counted_boot_id=boot_id,
                counted_uses=use.seen.calls,
            )
        )


KEYS_ON_THEM = (
    select(DeploymentKey, Deployment.gateway_id)
    .join(Deployment, Deployment.id == DeploymentKey.deployment_id)
    .where(Deployment.gateway_id.in_(bindparam("them", expanding=True)), Deployment.undeployed_at.is_(None))
)
