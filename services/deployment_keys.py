"""Invocation keys of a deployment: made here, shown once, kept as hashes, and sent to the gateway as hashes."""

import secrets

from sqlmodel import Session, select

from models.base import now
from models.deployment import Deployment, DeploymentKey, DeploymentStatus
from models.gateway import Gateway
from models.wire import key_hash
from services.changes import Changes
from services.database import Database
from services.deployment_views import find_deployment
from services.errors import Fault, InvalidInput, NotFound
from services.gateways import GatewayDirectory


def add_key(session: Session, deployment_id: str, name: str, by: str) -> tuple[DeploymentKey, str]:
    """Write a new key in an open transaction. Returns its row and the key itself, which is kept nowhere."""
    key = f"ndk_{secrets.token_urlsafe(24)}"
    row = DeploymentKey(deployment_id=deployment_id, name=name, prefix=key[:8], key_hash=key_hash(key), created_by=by)
    session.add(row)
    return row, key


class DeploymentKeys:
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory) -> None:
        self._database = database
        self._changes = changes
        self._gateways = gateways

    async def create(self, deployment: str, name: str, *, by: str) -> tuple[DeploymentKey, str]:
        """A further key, accepted by the gateway when this returns. Raises InvalidInput, or what the gateway said."""
        name = name.strip()
        if not 1 <= len(name) <= 100 or not name.isprintable():
            raise InvalidInput("The key's name is not valid.", errors=[Fault("name", "1 to 100 printable characters")])

        def insert(session: Session) -> tuple[Deployment, DeploymentKey, str]:
            row = find_deployment(session, deployment)
            return row, *add_key(session, row.id, name, by)

        row, made, key = await self._database.write(insert)
        await self._send(row)
        return made, key

    async def revoke(self, deployment: str, key_id: str, *, by: str) -> None:
        """The gateway refuses the key when this returns. Raises NotFound."""

        def mark(session: Session) -> Deployment:
            row = find_deployment(session, deployment)
            key = session.get(DeploymentKey, key_id)
            if key is None or key.deployment_id != row.id:
                raise NotFound(f"{row.name} has no key {key_id[:80]!r}.")
            key.revoked_at = key.revoked_at or now()
            return row

        await self._send(await self._database.write(mark))

    async def _send(self, deployment: Deployment) -> None:
        """Bring the gateway's list of accepted keys up to date; a stopped deployment gets it when it starts."""
        self._changes.deployment.send(deployment.id)
        if deployment.status is not DeploymentStatus.RUNNING:
            return

        def query(session: Session) -> tuple[Gateway, list[str]]:
            valid = select(DeploymentKey.key_hash).where(
                DeploymentKey.deployment_id == deployment.id, DeploymentKey.revoked_at.is_(None)
            )
            return session.get_one(Gateway, deployment.gateway_id), list(session.exec(valid))

        gateway, hashes = await self._database.read(query)
        await self._gateways.client(gateway).set_keys(deployment.id, hashes)
