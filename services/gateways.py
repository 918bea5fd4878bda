"""The directory of gateways: which there are, how to reach them, and what the last look saw."""

import asyncio
import socket
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, func, select, update
from sqlmodel.sql.expression import SelectOfScalar

from models.base import now
from models.deployment import Deployment, DeploymentStatus
from models.gateway import Gateway, GatewayKind, GatewayStatus
from models.wire import DeploymentState, GatewayState
from services.changes import Changes
from services.database import Database
from services.errors import Conflict, Fault, GatewayRefused, GatewayUnreachable, InvalidInput, NotFound, StudioError
from services.gateway_client import GatewayClient, GatewayConnections
from services.rules.addresses import Network, normalise_url, require_allowed
from services.rules.names import require_name
from services.secrets import SecretVault

NEWS = ("status", "status_reason", "boot_id", "version")
RIVAL_SECONDS = 60.0  # another Nexdeck that called within that time still has the gateway
SEEN = (*NEWS, "last_seen_at")


class Look(NamedTuple):
    """One probe of a gateway: the row brought up to date, and its state, None when it could not be reached.

    ``probe_ms``: how long the answer took, or the failure.
    """

    gateway: Gateway
    state: GatewayState | None
    at: datetime
    probe_ms: float

    @property
    def is_up(self) -> bool:
        return self.state is not None and self.state.ready

    @property
    def deployments(self) -> list[DeploymentState]:
        return self.state.deployments if self.state else []


@dataclass(frozen=True)
class GatewaySummary:
    gateway: Gateway
    deployment_count: int
    running_count: int


class GatewayDirectory:
    def __init__(
        self,
        database: Database,
        changes: Changes,
        secrets: SecretVault,
        connections: GatewayConnections,
        allowed_networks: list[Network],
    ) -> None:
        self._database = database
        self._changes = changes
        self._secrets = secrets
        self._connections = connections
        self._allowed_networks = allowed_networks

    async def list(self) -> list[GatewaySummary]:
        """All gateways, the local ones first, with how many deployments each holds."""

        def query(session: Session) -> list[GatewaySummary]:
            present = select(Deployment.gateway_id, Deployment.status, func.count()).where(
                Deployment.undeployed_at.is_(None)
            )
            counts: dict[str, dict[str, int]] = {}
            for gateway_id, status, count in session.exec(present.group_by(Deployment.gateway_id, Deployment.status)):
                counts.setdefault(gateway_id, {})[status] = count
            gateways = session.exec(_present().order_by(Gateway.kind, Gateway.name))
            return [
                GatewaySummary(g, sum(c.values()), c.get(DeploymentStatus.RUNNING, 0))
                for g in gateways
                for c in [counts.get(g.id, {})]
            ]

        return await self._database.read(query)

    async def get(self, gateway: str) -> Gateway:
        """By id or name. Raises NotFound."""
        return await self._database.read(lambda session: find_gateway(session, gateway))

    def client(self, gateway: Gateway) -> GatewayClient:
        return self._connections.to(gateway.url, self._secrets.decrypt(gateway.encrypted_token))

    async def test(self, url: str, token: str) -> GatewayState:
        """Look at a gateway without storing anything. Raises InvalidInput, GatewayUnreachable or GatewayRefused."""
        url, host, port = normalise_url(url)
        if not token.strip() or not token.isascii() or not token.isprintable():
            raise InvalidInput("Enter the gateway's token.", errors=[Fault("token", "printable ASCII, not empty")])
        await self._require_allowed(host, port)
        return await self._connections.to(url, token.strip()).state()

    async def add_remote(self, name: str, url: str, token: str, *, by: str) -> Gateway:
        """Add a gateway that answers. Raises as ``test`` does, and Conflict when name or address is taken."""
        require_name(name)
        state = await self.test(url, token)
        gateway = Gateway(
            name=name,
            kind=GatewayKind.REMOTE,
            url=normalise_url(url)[0],
            encrypted_token=self._secrets.encrypt(token.strip()),
            created_by=by,
        )
        self._note_seen(gateway, state)
        return await self.save_new(gateway)

    async def save_new(self, gateway: Gateway) -> Gateway:
        def insert(session: Session) -> None:
            if session.exec(_present().where(Gateway.url == gateway.url)).first():
                raise Conflict(f"Another gateway has the address {gateway.url} already.", code="gateway_exists")
            session.add(gateway)

        try:
            await self._database.write(insert)
        except IntegrityError as error:
            message = f"There is a gateway named {gateway.name} already; choose another name."
            raise Conflict(message, code="gateway_exists") from error
        self._changes.gateway.send(gateway.id)
        return gateway

    async def update_remote(
        self, gateway: str, *, url: str | None = None, token: str | None = None, by: str
    ) -> Gateway:
        """Change address or token. A new address needs a token too: the stored one never travels to another host."""
        row = await self.get(gateway)
        if row.kind is not GatewayKind.REMOTE:
            raise Conflict(f"{row.name} is run by Nexdeck itself; its address and token are not to be edited.")
        if url is not None and normalise_url(url)[0] != row.url and not token:
            message = "enter the token too: the stored one is not sent to a new address"
            raise InvalidInput("A new address needs its token.", errors=[Fault("token", message)])
        new_url = normalise_url(url)[0] if url is not None else row.url
        new_token = token.strip() if token else self._secrets.decrypt(row.encrypted_token)
        state = await self.test(new_url, new_token)
        row.url, row.encrypted_token = new_url, self._secrets.encrypt(new_token)
        self._note_seen(row, state)
        await self._save(row, "url", "encrypted_token", *SEEN)
        self._changes.gateway.send(row.id)
        return row

    async def look(self, gateway: Gateway) -> Look:
        """One call, and the row brought up to date. An unreachable gateway is no error."""
        before = [getattr(gateway, name) for name in NEWS]
        at, began, state = now(), perf_counter(), None
        try:
            state = await self.client(gateway).state()
            self._note_seen(gateway, state)
        except (GatewayUnreachable, GatewayRefused) as error:
            gateway.status, gateway.status_reason = GatewayStatus.OFFLINE, error.message
        except StudioError as error:
            gateway.status, gateway.status_reason = GatewayStatus.UNKNOWN, error.message
        probe_ms = (perf_counter() - began) * 1000
        await self._save(gateway, *SEEN)
        if before != [getattr(gateway, name) for name in NEWS]:
            self._changes.gateway.send(gateway.id)
        return Look(gateway, state, at, probe_ms)

    async def remove(self, gateway: str, *, by: str) -> None:
        """Forget a remote gateway. Raises Conflict while deployments are on it, or for one that Nexdeck runs itself."""
        row = await self.get(gateway)
        if row.kind is GatewayKind.LOCAL:
            raise Conflict(f"{row.name} is run by Nexdeck itself; it is removed with its process.")
        await self.forget(row)

    async def require_unused(self, gateway: Gateway) -> None:
        """Raises Conflict while deployments are on it."""
        await self._database.read(lambda session: _require_unused(session, gateway))

    async def forget(self, gateway: Gateway) -> None:
        """Raises Conflict while deployments are on it. What was on it keeps its history; its name is free again."""

        def change(session: Session) -> None:
            _require_unused(session, gateway)
            row = session.get_one(Gateway, gateway.id)
            if session.exec(select(Deployment.id).where(Deployment.gateway_id == row.id)).first() is None:
                session.delete(row)
                return
            row.name, row.encrypted_token = f"{row.name} (removed, {row.id[-4:]})", ""
            row.status, row.status_reason = GatewayStatus.REMOVED, None

        await self._database.write(change)
        self._changes.gateway.send(gateway.id)

    def announce(self, gateway_id: str) -> None:
        """Tell whoever watches that there is news of a gateway."""
        self._changes.gateway.send(gateway_id)

    def _note_seen(self, gateway: Gateway, state: GatewayState) -> None:
        gateway.status, gateway.status_reason = GatewayStatus.ONLINE, None
        gateway.version, gateway.boot_id, gateway.last_seen_at = state.version, state.boot_id, now()
        others = {c.installation for c in state.claimants if c.seconds_ago < RIVAL_SECONDS}
        if others := sorted(others - {self._connections.installation}):
            message = f"It is also controlled by the Nexdeck {', '.join(others)}. They undo each other's changes: "
            gateway.status_reason = f"{message}remove it from one of them."

    async def _save(self, gateway: Gateway, *names: str) -> None:
        values = {name: getattr(gateway, name) for name in names}
        await self._database.write(
            lambda session: session.exec(
                update(Gateway).where(Gateway.id == gateway.id, Gateway.status != GatewayStatus.REMOVED).values(values)
            )
        )

    async def _require_allowed(self, host: str, port: int) -> None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise GatewayUnreachable(f"The host {host} is not known here. Is it spelled right?") from error
        for *_, address in found:
            require_allowed(address[0], self._allowed_networks)


def find_gateway(session: Session, gateway: str) -> Gateway:
    row = session.exec(_present().where((Gateway.id == gateway) | (Gateway.name == gateway))).first()
    if row is None:
        raise NotFound(f"There is no gateway {gateway[:80]!r}. `nexdeck gateways list` shows those there are.")
    return row


def _present() -> SelectOfScalar[Gateway]:
    return select(Gateway).where(Gateway.status != GatewayStatus.REMOVED)


def _require_unused(session: Session, gateway: Gateway) -> None:
    on_it = select(Deployment.name).where(Deployment.gateway_id == gateway.id, Deployment.undeployed_at.is_(None))
    if names := session.exec(on_it.order_by(Deployment.name)).all():
        raise Conflict(f"Undeploy first what is on {gateway.name}: {', '.join(names[:5])}.", code="gateway_in_use")
