"""The directory of gateways: which there are, how to reach them, and what the last probe saw."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from time import perf_counter

from sqlmodel import Session, select, update

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.control import GatewayState
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayKind, GatewayStatus
from nexdeck.models.telemetry import GatewayReport, Position
from nexdeck.models.trust import Trust
from nexdeck.services.errors import Conflict, Fault, GatewayRefused, GatewayUnreachable, InvalidInput, StudioError
from nexdeck.services.gateways.admission import AdmittedAddress, TrustWish, admit
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.gateways.connections import GatewayConnections
from nexdeck.services.gateways.probe import NEWS, SEEN, Probe, note_seen, write_seen
from nexdeck.services.gateways.rows import (
    GatewaySummary,
    find_gateway,
    list_gateways,
    present_gateways,
    require_unused,
    write_gateway,
)
from nexdeck.services.gateways.snapshot_cache import GatewayMemory, Newest
from nexdeck.services.gateways.startup_grace import StartupGrace
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rules.addresses import Network, normalise_url
from nexdeck.services.rules.names import require_name

STARTING = "It is starting: its process does not answer yet."
PLACE = ("url", "encrypted_token", "trust", "certificate")
BY_SYSTEM = TrustWish()


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
        self._token_in = lru_cache(maxsize=2048)(secrets.decrypt)  # deciphering takes half as long as a request
        self._connections = connections
        self._allowed_networks = allowed_networks
        self.startup_grace = StartupGrace()
        self.newest = Newest()
        self._memory = GatewayMemory()

    async def list(self, *, actor: Actor) -> list[GatewaySummary]:
        """All gateways, the local ones first, with how many deployments each holds."""
        return await self._database.read(list_gateways)

    async def get(self, gateway: str, *, actor: Actor) -> Gateway:
        """By id or name. Raises NotFound."""
        return await self._database.read(lambda session: find_gateway(session, gateway))

    def client(self, gateway: Gateway) -> GatewayClient:
        return self._connections.to(gateway.url, self._token_in(gateway.encrypted_token), gateway.how_trusted)

    async def test(
        self, url: str, token: str, trust: TrustWish | Trust = BY_SYSTEM, *, allow_plain: bool = False, actor: Actor
    ) -> GatewayState:
        """Look at a gateway without storing anything. Raises InvalidInput, GatewayUnreachable or GatewayRefused."""
        return (await self._visit(url, token, trust, allow_plain))[1]

    async def _visit(
        self, url: str, token: str, trust: TrustWish | Trust, allow_plain: bool
    ) -> tuple[AdmittedAddress, GatewayState]:
        place = await admit(url, token, trust, self._allowed_networks, allow_plain=allow_plain)
        async with self._connections.once(place.url, place.token, place.trust) as client:
            return place, await client.state()

    async def add_remote(
        self,
        name: str,
        url: str,
        token: str,
        trust: TrustWish = BY_SYSTEM,
        *,
        allow_plain: bool = False,
        actor: Actor,
    ) -> Gateway:
        """Add a gateway that answers. Raises as ``test`` does, and Conflict when name or address is taken."""
        require_name(name)
        place, state = await self._visit(url, token, trust, allow_plain)
        gateway = Gateway(name=name, kind=GatewayKind.REMOTE, url=place.url, encrypted_token="", created_by=actor.name)
        self._note_place(gateway, place)
        note_seen(gateway, state, self._connections.installation)
        return await self.save_new(gateway)

    async def save_new(self, gateway: Gateway) -> Gateway:
        """Raises Conflict when its name or address is taken."""
        await self._database.write(lambda session: write_gateway(session, gateway))
        self._changes.gateway.send(gateway.id)
        return gateway

    async def update_remote(
        self,
        gateway: str,
        *,
        url: str | None = None,
        token: str | None = None,
        trust: TrustWish | None = None,
        allow_plain: bool = False,
        actor: Actor,
    ) -> Gateway:
        """Change address, token or how its certificate is verified; None leaves each as it is.

        A new address or certificate needs the token with it: the stored one never travels to whom it was not meant for.
        """
        row = await self.get(gateway, actor=actor)
        if row.kind is not GatewayKind.REMOTE:
            raise Conflict(f"{row.name} is run by Nexdeck itself; its address and token are not to be edited.")
        new_url = normalise_url(url)[0] if url is not None else row.url
        if (new_url != row.url or trust is not None) and not token:
            message = "enter the token too: the stored one is not sent to a new address or on a new certificate's word"
            raise InvalidInput("That change needs the token.", errors=[Fault("token", message)])
        token = token or self._secrets.decrypt(row.encrypted_token)
        allow_plain = allow_plain or new_url == row.url
        place, state = await self._visit(new_url, token, trust or row.how_trusted, allow_plain)
        await self._connections.forget(row.url)
        self._note_place(row, place)
        note_seen(row, state, self._connections.installation)
        await self._save(row, *PLACE, *SEEN)
        self._changes.gateway.send(row.id)
        return row

    async def look(self, gateway: Gateway) -> Probe:
        """One call, and the row brought up to date. An unreachable gateway is no error."""
        look = await self.probe(gateway)
        await self.keep(look)
        return look

    async def keep(self, look: Probe) -> None:
        await self._database.write(lambda session: write_seen(session, [look]))
        self.tell([look])

    async def probe(self, gateway: Gateway, counted: Position | None = None) -> Probe:
        """As ``look``, but nothing is written yet. ``counted``: after which position the counters are wanted too."""
        before = [getattr(gateway, name) for name in NEWS]
        at, began, state = now(), perf_counter(), None
        try:
            state = await self._state(gateway, counted)
            note_seen(gateway, state, self._connections.installation)
        except (GatewayUnreachable, GatewayRefused) as error:
            if self.startup_grace.excuses(gateway.id):
                gateway.status, gateway.status_reason = GatewayStatus.STARTING, STARTING
            else:
                gateway.status, gateway.status_reason = GatewayStatus.OFFLINE, error.message
        except StudioError as error:
            gateway.status, gateway.status_reason = GatewayStatus.UNKNOWN, error.message
        probe_ms = (perf_counter() - began) * 1000
        is_news = before != [getattr(gateway, name) for name in NEWS]
        if state is not None:
            self.startup_grace.answers(gateway.id, state.boot_id, is_ready=state.ready)
        is_asked_for = state is not None and self.startup_grace.was_asked_for(gateway.id, state.boot_id)
        return Probe(gateway, state, at, probe_ms, is_news, self.startup_grace.excuses(gateway.id), is_asked_for)

    async def _state(self, gateway: Gateway, counted: Position | None) -> GatewayReport:
        client = self.client(gateway)
        if counted is None:
            return await client.state()
        known = self._memory.of(gateway.id)
        report = await client.state(counted, known.number if known.boot_id == counted.boot_id else 0)
        if not known.complete(report):
            report = await client.state(counted)
        self._memory.note(gateway.id, report)
        return report

    def tell(self, looks: Iterable[Probe]) -> None:
        """Send signals of what has been written."""
        for look in looks:
            if look.is_news:
                self._changes.gateway.send(look.gateway.id)

    async def present(self) -> Sequence[Gateway]:
        return await self._database.read(lambda session: session.exec(present_gateways()).all())

    async def remove(self, gateway: str, *, actor: Actor) -> None:
        """Forget a remote gateway. Raises Conflict while deployments are on it, or for one that Nexdeck runs itself."""
        row = await self.get(gateway, actor=actor)
        if row.kind is GatewayKind.LOCAL:
            raise Conflict(f"{row.name} is run by Nexdeck itself; it is removed with its process.")
        await self.forget(row)

    async def require_unused(self, gateway: Gateway) -> None:
        """Raises Conflict while deployments are on it."""
        await self._database.read(lambda session: require_unused(session, gateway))

    async def forget(self, gateway: Gateway) -> None:
        """Raises Conflict while deployments are on it. What was on it keeps its history; its name is free again."""

        def change(session: Session) -> None:
            require_unused(session, gateway)
            row = session.get_one(Gateway, gateway.id)
            if session.exec(select(Deployment.id).where(Deployment.gateway_id == row.id)).first() is None:
                session.delete(row)
                return
            row.name, row.encrypted_token = f"{row.name} (removed, {row.id[-4:]})", ""
            row.status, row.status_reason = GatewayStatus.REMOVED, None

        await self._database.write(change)
        self._memory.forget(gateway.id)
        self.newest.forget(gateway.id)
        await self._connections.forget(gateway.url)
        self._changes.gateway.send(gateway.id)

    def announce(self, gateway_id: str) -> None:
        """Tell whoever watches that there is news of a gateway."""
        self._changes.gateway.send(gateway_id)

    def _note_place(self, gateway: Gateway, place: AdmittedAddress) -> None:
        gateway.url, gateway.encrypted_token = place.url, self._secrets.encrypt(place.token)
        gateway.trust, gateway.certificate = place.trust.kind, place.trust.certificate or None

    async def _save(self, gateway: Gateway, *names: str) -> None:
        values = {name: getattr(gateway, name) for name in names}
        await self._database.write(
            lambda session: session.exec(
                update(Gateway).where(Gateway.id == gateway.id, Gateway.status != GatewayStatus.REMOVED).values(values)
            )
        )
