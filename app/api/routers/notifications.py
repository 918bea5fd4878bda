"""Notifications: where people and programs are told of incidents, and what became of each notice."""

from fastapi import APIRouter, Response
from pydantic import Field, StrictBool

from nexdeck.app.api.parameters import Body, Caller, Cursor, Limit, Reference, ReferenceFilter, Services
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.notifications import ChannelShape, DeliveryShape, NewChannelShape
from nexdeck.models.manifest import NAME_PATTERN
from nexdeck.models.notification import ChannelKind, ChannelRule, NotificationChannel, NotificationDelivery
from nexdeck.services.notifications.channels import ChannelChange

router = APIRouter(prefix="/v1/notifications", tags=["notifications"])


class ChannelAddress(Body):
    kind: ChannelKind = ChannelKind.APPRISE
    url: str = Field(
        min_length=1, max_length=2000, description="an apprise URL, or where a webhook is; kept encrypted", repr=False
    )


class NewChannel(ChannelAddress):
    name: str = Field(pattern=NAME_PATTERN)
    enabled: StrictBool = True
    rule: ChannelRule = Field(default_factory=ChannelRule)


class ChannelPatch(Body):
    """What is left out, or null, stays as it is; a rule is replaced as a whole."""

    url: str | None = Field(default=None, min_length=1, max_length=2000, repr=False)
    enabled: StrictBool | None = None
    rule: ChannelRule | None = None


@router.get("/channels")
async def list_channels(studio: Services, actor: Caller) -> Listing[ChannelShape]:
    return Listing.whole(
        [ChannelShape.model_validate(each) for each in await studio.notification_channels.list(actor=actor)]
    )


@router.post("/channels", status_code=201)
async def add_channel(studio: Services, actor: Caller, body: NewChannel, response: Response) -> NewChannelShape:
    """Add a channel. Nothing is sent; `POST channels/{channel}/test` does that."""
    channel, secret = await studio.notification_channels.add(
        body.name, body.kind, body.url, body.rule, actor=actor, enabled=body.enabled
    )
    response.headers["Location"] = f"/api/v1/notifications/channels/{channel.name}"
    return _shown_once(channel, secret, response)


@router.post("/test", status_code=204)
async def try_address(studio: Services, actor: Caller, body: ChannelAddress) -> None:
    """Send a test to an address that is not stored. What went wrong is told as `not_delivered`."""
    await studio.notification_channels.try_out(body.kind, body.url, actor=actor)


@router.get("/channels/{channel}")
async def get_channel(studio: Services, actor: Caller, channel: Reference) -> ChannelShape:
    return ChannelShape.model_validate(await studio.notification_channels.get(channel, actor=actor))


@router.patch("/channels/{channel}")
async def change_channel(studio: Services, actor: Caller, channel: Reference, body: ChannelPatch) -> ChannelShape:
    change = ChannelChange(url=body.url, enabled=body.enabled, rule=body.rule)
    return ChannelShape.model_validate(await studio.notification_channels.change(channel, change, actor=actor))


@router.delete("/channels/{channel}", status_code=204)
async def remove_channel(studio: Services, actor: Caller, channel: Reference) -> None:
    """Forget a channel, with its deliveries."""
    await studio.notification_channels.remove(channel, actor=actor)


@router.post("/channels/{channel}/rotate", status_code=201)
async def rotate_secret(studio: Services, actor: Caller, channel: Reference, response: Response) -> NewChannelShape:
    """Make a webhook another signing secret. It is shown this once; for a day the old one signs beside it."""
    return _shown_once(*await studio.notification_channels.rotate_secret(channel, actor=actor), response)


@router.post("/channels/{channel}/test", status_code=204)
async def test_channel(studio: Services, actor: Caller, channel: Reference) -> None:
    """Send a test now. What went wrong is told as `not_delivered`."""
    await studio.notification_channels.test(channel, actor=actor)


@router.get("/deliveries")
async def list_deliveries(
    studio: Services, actor: Caller, channel: ReferenceFilter = None, limit: Limit = 25, cursor: Cursor = None
) -> Listing[DeliveryShape]:
    """What was told and what is to be told, the newest first."""
    page = await studio.outbox.deliveries(channel=channel, limit=limit, cursor=cursor, actor=actor)
    return Listing.page(page, [_shape(view.delivery, view.channel_name) for view in page.items])


@router.post("/deliveries/{delivery}/retry", status_code=202)
async def retry_delivery(studio: Services, actor: Caller, delivery: Reference) -> DeliveryShape:
    """Send it now, under the same id, also when it was given up."""
    row = await studio.outbox.retry(delivery, actor=actor)
    return _shape(row, (await studio.notification_channels.get(row.channel_id, actor=actor)).name)


def _shown_once(channel: NotificationChannel, secret: str | None, response: Response) -> NewChannelShape:
    response.headers["Cache-Control"] = "no-store"
    return NewChannelShape(**channel.model_dump(), signing_secret=secret)


def _shape(row: NotificationDelivery, channel: str) -> DeliveryShape:
    return DeliveryShape(**row.model_dump(), channel=channel, title=row.body["incident"]["title"])
