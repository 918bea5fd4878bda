"""The channels: adding, changing and testing them."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, delete, func, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import DEFAULT_WORKSPACE, new_id, now
from nexdeck.models.notification import ChannelKind, ChannelRule, NotificationChannel, NotificationDelivery
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Conflict, Fault, InvalidInput, NotFound
from nexdeck.services.gateways.directory import find_gateway
from nexdeck.services.notifications.bodies import test_body
from nexdeck.services.notifications.messages import message_of
from nexdeck.services.notifications.sending import Parcel, Sender
from nexdeck.services.notifications.targets import DeliveryTarget, parse_target
from nexdeck.services.notifications.webhook import new_secret
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rules.names import require_name

logger = logging.getLogger(__name__)
MOST = 50
OLD_SECRET_SIGNS = timedelta(days=1)  # time enough to put the new one into the receiver


@dataclass(frozen=True)
class ChannelChange:
    """None: as it is."""

    url: str | None = None
    enabled: bool | None = None
    rule: ChannelRule | None = None


class NotificationChannels:
    def __init__(self, database: Database, changes: Changes, secrets: SecretVault, sender: Sender, link: str) -> None:
        """``link``: where this Nexdeck is, for the links in notices."""
        self._database = database
        self._changes = changes
        self._secrets = secrets
        self._sender = sender
        self._link = link

    async def list(self, *, actor: Actor) -> list[NotificationChannel]:
        query = select(NotificationChannel).order_by(NotificationChannel.name)
        return list(await self._database.read(lambda session: session.exec(query).all()))

    async def get(self, channel: str, *, actor: Actor) -> NotificationChannel:
        """By id or name. Raises NotFound."""
        return await self._database.read(lambda session: find_channel(session, channel))

    async def add(
        self, name: str, kind: ChannelKind, url: str, rule: ChannelRule, *, actor: Actor, enabled: bool = True
    ) -> tuple[NotificationChannel, str | None]:
        """Returns the channel, and the secret that a webhook's bodies are signed with: it is shown only this once.

        Raises InvalidInput for the name, address or rule, Conflict when the name is taken or there are ``MOST``.
        """
        require_name(name)
        target = await _checked(kind, url)
        secret = new_secret() if kind is ChannelKind.WEBHOOK else ""
        channel = NotificationChannel(
            name=name,
            kind=kind,
            encrypted_url=self._secrets.encrypt(target.url),
            encrypted_secret=self._secrets.encrypt(secret) if secret else "",
            shown=target.shown,
            enabled=enabled,
            rule={},
            created_by=actor.name,
        )

        def insert(session: Session) -> None:
            if session.exec(select(func.count()).select_from(NotificationChannel)).one() >= MOST:
                raise Conflict(f"There are {MOST} channels already; remove one first.", code="too_many_channels")
            channel.rule = _resolved(session, rule)
            session.add(channel)

        try:
            await self._database.write(insert)
        except IntegrityError as error:
            message = f"There is a channel named {name} already; choose another name."
            raise Conflict(message, code="channel_exists") from error
        self._changes.notice.send(channel.id)
        return channel, secret or None

    async def change(self, channel: str, change: ChannelChange, *, actor: Actor) -> NotificationChannel:
        """Raises NotFound, or InvalidInput as ``add`` does."""
        kind = (await self.get(channel, actor=actor)).kind
        target = None if change.url is None else await _checked(kind, change.url)

        def update(session: Session) -> NotificationChannel:
            row = find_channel(session, channel)
            if target is not None:
                row.encrypted_url, row.shown = self._secrets.encrypt(target.url), target.shown
            if change.enabled is not None:
                row.enabled = change.enabled
            if change.rule is not None:
                row.rule = _resolved(session, change.rule)
            row.updated_at = now()
            session.add(row)
            return row

        changed = await self._database.write(update)
        self._changes.notice.send(changed.id)
        return changed

    async def rotate_secret(self, channel: str, *, actor: Actor) -> tuple[NotificationChannel, str]:
        """A new secret for a webhook, shown only this once; the old one signs beside it for ``OLD_SECRET_SIGNS``.

        Raises NotFound, or Conflict for a channel that signs nothing.
        """
        secret = new_secret()

        def rotate(session: Session) -> NotificationChannel:
            row = find_channel(session, channel)
            if row.kind is not ChannelKind.WEBHOOK:
                raise Conflict(f"{row.name} is no webhook: it signs nothing, so it has no secret.", code="no_secret")
            row.encrypted_old_secret, row.encrypted_secret = row.encrypted_secret, self._secrets.encrypt(secret)
            row.updated_at = now()
            row.old_secret_until = row.updated_at + OLD_SECRET_SIGNS
            session.add(row)
            return row

        rotated = await self._database.write(rotate)
        logger.info("%s rotated the secret of the channel %s", actor.name, rotated.name)
        self._changes.notice.send(rotated.id)
        return rotated, secret

    async def remove(self, channel: str, *, actor: Actor) -> None:
        """Forget a channel and what was sent to it. Raises NotFound."""

        def forget(session: Session) -> str:
            row = find_channel(session, channel)
            session.exec(delete(NotificationDelivery).where(NotificationDelivery.channel_id == row.id))
            session.delete(row)
            return row.id

        self._changes.notice.send(await self._database.write(forget))

    async def test(self, channel: str, *, actor: Actor) -> None:
        """Send a test now. Raises NotFound, or NotDelivered with the real cause."""
        row = await self.get(channel, actor=actor)
        target, signing = await self.target_of(row)
        await self._send_test(row.id, row.name, target, signing, actor)

    async def try_out(self, kind: ChannelKind, url: str, *, actor: Actor) -> None:
        """Send a test to an address that is not stored. Raises InvalidInput or NotDelivered."""
        target = await _checked(kind, url)
        await self._send_test(f"trial of {actor.name}", "being added", target, [new_secret()], actor)

    async def _send_test(
        self, key: str, name: str, target: DeliveryTarget, signing: Sequence[str], actor: Actor
    ) -> None:
        at = now()
        body = test_body(DEFAULT_WORKSPACE, name, self._link, actor.name, at)
        parcel = Parcel(new_id("ntf"), message_of([body]), body)
        await self._sender.send(key, target, signing, parcel, at)

    async def target_of(self, channel: NotificationChannel) -> tuple[DeliveryTarget, Sequence[str]]:
        """The address, and the secrets that bodies are signed with. Raises InvalidInput when they cannot be read."""
        old_signs = channel.old_secret_until is not None and now() < channel.old_secret_until
        kept = (channel.encrypted_secret, channel.encrypted_old_secret if old_signs else "")
        signing = [self._secrets.decrypt(each) for each in kept if each]
        return await _checked(channel.kind, self._secrets.decrypt(channel.encrypted_url)), signing


async def _checked(kind: ChannelKind, url: str) -> DeliveryTarget:
    """In a thread: the first time, half a second goes into loading apprise. Raises InvalidInput."""
    return await asyncio.to_thread(parse_target, kind, url)


def find_channel(session: Session, channel: str) -> NotificationChannel:
    by_either = (NotificationChannel.id == channel) | (NotificationChannel.name == channel)
    row = session.exec(select(NotificationChannel).where(by_either)).first()
    if row is None:
        raise NotFound(f"There is no channel {channel[:80]!r}. `nexdeck notifications list` shows those there are.")
    return row


def read_rule(document: object) -> ChannelRule:
    """A rule from what a form or a file says. Raises InvalidInput with a fault at each wrong place."""
    try:
        return ChannelRule.model_validate(document)
    except ValidationError as error:
        faults = [
            Fault(".".join(map(str, ("rule", *e["loc"]))), e["msg"].removeprefix("Value error, "))
            for e in error.errors()
        ]
        raise InvalidInput("The channel's rule is not valid.", errors=faults) from error


def _resolved(session: Session, rule: ChannelRule) -> dict[str, object]:
    """The rule as it is kept: names have become ids. Raises NotFound for what is not there."""
    gateways = [find_gateway(session, each).id for each in rule.gateways]
    deployments = [find_deployment(session, each).id for each in rule.deployments]
    return rule.model_copy(update={"gateways": gateways, "deployments": deployments}).model_dump(mode="json")
