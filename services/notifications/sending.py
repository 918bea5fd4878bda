"""One attempt to send, with a time limit, in a thread: apprise blocks, and so may whatever it talks to."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nexdeck.models.notification import ChannelKind
from nexdeck.services.errors import NotDelivered
from nexdeck.services.notifications import webhook
from nexdeck.services.notifications.guard import guarded
from nexdeck.services.notifications.messages import Message
from nexdeck.services.notifications.targets import DeliveryTarget
from nexdeck.services.rules.addresses import Network

SECONDS = 20.0  # for one attempt; libraries have shorter limits for a connection, which a slow drip outlasts
GRACE = 2.0


@dataclass(frozen=True)
class Parcel:
    """What an attempt sends: the words for apprise, or the body for a webhook."""

    id: str
    message: Message
    body: dict[str, Any]


class Sender:
    """Sends to channels. While an attempt hangs, its channel gets no other: at most one thread is lost to each."""

    def __init__(self, allowed: list[Network]) -> None:
        self._allowed = allowed
        self._attempts: dict[str, asyncio.Future[str | None]] = {}

    async def send(
        self, channel_id: str, target: DeliveryTarget, signing: Sequence[str], parcel: Parcel, now: datetime
    ) -> None:
        """``signing``: the secrets that a webhook's body is signed with, each by itself.

        Raises NotDelivered with the real cause, without what is secret of the target."""
        earlier = self._attempts.get(channel_id)
        if earlier is not None and not earlier.done():
            raise NotDelivered("An earlier attempt still hangs at the target.")

        def attempt() -> str | None:
            with guarded(self._allowed) as guard:
                if target.kind is ChannelKind.WEBHOOK:
                    failure = webhook.post(target.url, signing, parcel.id, parcel.body, now)
                else:
                    # large; imported once a channel uses it
                    from nexdeck.services.notifications.apprise_target import notify

                    failure = notify(target.url, parcel.message.title, parcel.message.body, SECONDS)
                return failure and (guard.refused or failure)

        outcome = self._attempts[channel_id] = _in_thread(attempt)
        await asyncio.wait([outcome], timeout=SECONDS + GRACE)
        if not outcome.done():
            raise NotDelivered(f"It did not end within {SECONDS:g} s.")
        del self._attempts[channel_id]
        if failure := outcome.result():
            raise NotDelivered(target.mask(failure))


def _in_thread(work: Callable[[], str | None]) -> asyncio.Future[str | None]:
    """A daemon thread of its own: one that hangs for ever must neither fill a pool nor hold up the program's end."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[str | None] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # the boundary to apprise's plugins: whatever they raise is a failed attempt
            result = f"It could not be sent ({type(error).__name__}: {error})."
        with suppress(RuntimeError):  # the loop may have been closed meanwhile
            loop.call_soon_threadsafe(outcome.set_result, result)

    threading.Thread(target=contextvars.copy_context().run, args=(run,), name="notice", daemon=True).start()
    return outcome
