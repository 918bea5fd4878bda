"""The outbox: each event of an incident becomes deliveries, which are tried until they arrive or are given up.

The events are the source, read after a cursor that moves on in the transaction which writes the deliveries: whatever
happens in between, none is lost and none comes twice into the outbox. Sending is at least once: an attempt is noted
before it is made, and one that was cut off is made again under the same id.

What is due for a chat or a mailbox at the same time goes out as one message: after quiet hours, after the target was
down, or when much happens at once. A webhook gets each event by itself.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, delete, func, select, update

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.notification import (
    ChannelKind,
    DeliveryState,
    NotificationChannel,
    NotificationDelivery,
)
from nexdeck.services.errors import NotDelivered, NotFound, StudioError
from nexdeck.services.notifications.channels import NotificationChannels
from nexdeck.services.notifications.collecting import collect_events, is_behind
from nexdeck.services.notifications.messages import message_of
from nexdeck.services.notifications.sending import Parcel, Sender
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.paging import Page, parse_cursor
from nexdeck.services.rules.notices import next_attempt

logger = logging.getLogger(__name__)
TOGETHER = 100  # deliveries in one message
LEASE = timedelta(seconds=60)  # after which an attempt that was cut off is made again
KEPT_FOR = timedelta(days=30)
WAITS_FOR = timedelta(days=3)  # longer than the last attempt; after it, what a disabled channel had is given up
CHUNK = 500


@dataclass(frozen=True)
class DeliveryView:
    delivery: NotificationDelivery
    channel_name: str


class NotificationOutbox:
    def __init__(
        self, database: Database, changes: Changes, channels: NotificationChannels, sender: Sender, link: str
    ) -> None:
        self._database = database
        self._changes = changes
        self._channels = channels
        self._sender = sender
        self._link = link
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def work(self) -> None:
        """Take up what happened, and begin to send what is due. Returns without waiting for the targets."""
        await self.collect(now())
        await self.begin(now())

    async def collect(self, at: datetime) -> None:
        """Turn the events of incidents that came since the last time into deliveries."""
        while await self._database.read(is_behind):
            for channel_id in await self._database.write(lambda session: collect_events(session, at, self._link)):
                self._changes.notice.send(channel_id)

    async def begin(self, at: datetime) -> list[asyncio.Task[None]]:
        """Start to send what is due, each channel by itself. Returns what is under way."""
        for channel_id in await self._database.read(lambda session: _due_channels(session, at)):
            if channel_id not in self._under_way:
                task = asyncio.create_task(self._deliver(channel_id, at), name=f"notify {channel_id}")
                self._under_way[channel_id] = task
                task.add_done_callback(lambda _, channel_id=channel_id: self._under_way.pop(channel_id, None))
        return list(self._under_way.values())

    async def close(self) -> None:
        """Cut off what is under way; it goes on after the next start."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def deliveries(
        self, *, channel: str | None = None, limit: int = 25, cursor: str | None = None, actor: Actor
    ) -> Page[DeliveryView]:
        """The newest first. ``channel`` is an id or a name."""
        offset = parse_cursor(cursor)

        def query(session: Session) -> Page[DeliveryView]:
            rows = select(NotificationDelivery, NotificationChannel.name).join(NotificationChannel)
            if channel is not None:
                rows = rows.where((NotificationChannel.id == channel) | (NotificationChannel.name == channel))
            total = session.exec(select(func.count()).select_from(rows.subquery())).one()
            newest = rows.order_by(NotificationDelivery.created_at.desc(), NotificationDelivery.event_id.desc())
            found = session.exec(newest.offset(offset).limit(limit))
            return Page([DeliveryView(*row) for row in found], total, offset, limit)

        return await self._database.read(query)

    async def retry(self, delivery_id: str, *, actor: Actor) -> NotificationDelivery:
        """Send one now, also one that was given up or sent already. Raises NotFound."""

        def again(session: Session) -> NotificationDelivery:
            row = session.get(NotificationDelivery, delivery_id)
            if row is None:
                raise NotFound(f"There is no delivery {delivery_id[:80]!r}; old ones are removed after a month.")
            row.state, row.due_at, row.attempts, row.ended_at = DeliveryState.WAITING, now(), 0, None
            session.add(row)
            return row

        row = await self._database.write(again)
        self._changes.notice.send(row.channel_id)
        return row

    async def prune(self) -> None:
        """Give up what waits too long, and remove what ended long ago, a little at a time."""
        ended = NotificationDelivery.state != DeliveryState.WAITING
        stale = update(NotificationDelivery).where(~ended, NotificationDelivery.created_at < now() - WAITS_FOR)
        given_up = {"state": DeliveryState.FAILED, "ended_at": now(), "error": "It waited too long."}
        await self._database.write(lambda session: session.exec(stale.values(given_up)))
        old = select(NotificationDelivery.id).where(ended, NotificationDelivery.created_at < now() - KEPT_FOR)
        remove = delete(NotificationDelivery).where(NotificationDelivery.id.in_(old.limit(CHUNK)))
        while await self._database.write(lambda session: session.exec(remove).rowcount):
            pass

    async def _deliver(self, channel_id: str, at: datetime) -> None:
        """Send what is due for one channel until there is no more, or until an attempt fails."""
        while True:
            channel, batch = await self._database.write(lambda session: _claim(session, channel_id, at))
            if not batch:
                return
            error = await self._attempt(channel, batch, at)
            await self._database.write(lambda session, rows=batch, e=error: _settle(session, rows, e, at))
            self._changes.notice.send(channel_id)
            if error is not None:
                logger.warning("channel %s: %s", channel.name, error)
                return

    async def _attempt(
        self, channel: NotificationChannel, batch: list[NotificationDelivery], at: datetime
    ) -> str | None:
        try:
            target, signing = await self._channels.target_of(channel)
            parcel = Parcel(batch[0].id, message_of([row.body for row in batch]), batch[0].body)
            await self._sender.send(channel.id, target, signing, parcel, at)
        except NotDelivered as error:
            return error.message
        except StudioError as error:
            return f"The channel cannot be used: {error.message}"
        return None


def _due(at: datetime):
    waiting = NotificationDelivery.state == DeliveryState.WAITING
    return select(NotificationDelivery).where(waiting, NotificationDelivery.due_at <= at)


def _due_channels(session: Session, at: datetime) -> list[str]:
    waiting = _due(at).join(NotificationChannel).where(NotificationChannel.enabled)
    return list(session.exec(waiting.with_only_columns(NotificationDelivery.channel_id).distinct()))


def _claim(
    session: Session, channel_id: str, at: datetime
) -> tuple[NotificationChannel | None, list[NotificationDelivery]]:
    """The channel and what is sent next, noted as attempted before it is."""
    channel = session.get(NotificationChannel, channel_id)
    if channel is None or not channel.enabled:
        return None, []
    together = 1 if channel.kind is ChannelKind.WEBHOOK else TOGETHER
    next_ones = _due(at).where(NotificationDelivery.channel_id == channel_id).order_by(NotificationDelivery.event_id)
    batch = list(session.exec(next_ones.limit(together)))
    for row in batch:
        row.attempts, row.due_at = row.attempts + 1, at + LEASE
        session.add(row)
    return channel, batch


def _settle(session: Session, batch: list[NotificationDelivery], error: str | None, at: datetime) -> None:
    for seen in batch:
        row = session.get(NotificationDelivery, seen.id)
        if row is None:  # the channel was removed meanwhile
            continue
        row.error = error
        again = next_attempt(row.attempts, at) if error else None
        if again is not None:
            row.due_at = again
        else:
            row.state, row.ended_at = (DeliveryState.FAILED if error else DeliveryState.SENT), at
        session.add(row)
