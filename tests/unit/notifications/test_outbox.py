"""Incidents reach real receivers: in order, once, after restarts, after failures, and outside quiet hours."""

import asyncio
import logging
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import delete, update
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.base import now
from nexdeck.models.health import IncidentEvent, IncidentEventKind, Severity
from nexdeck.models.notification import ChannelKind, ChannelRule, DeliveryState, NotificationChannel, QuietHours
from nexdeck.services.errors import Conflict
from nexdeck.services.notifications.channels import ChannelChange
from nexdeck.services.rules.notices import PAUSES
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.unit.notifications.conftest import LOOPBACK, Trouble, send_what_is_due
from tests.unit.notifications.receivers import HttpReceiver, Mailbox

OPENED, CLOSED = IncidentEventKind.OPENED, IncidentEventKind.CLOSED


async def webhook(studio: Studio, receiver: HttpReceiver, name: str = "hook", **rule) -> str:
    """Returns the secret of a new webhook channel."""
    url = f"http://127.0.0.1:{receiver.port}/in/secret-path"
    return (await studio.notification_channels.add(name, ChannelKind.WEBHOOK, url, ChannelRule(**rule), actor=ACTOR))[1]


async def states(studio: Studio) -> list[DeliveryState]:
    return [view.delivery.state for view in (await studio.outbox.deliveries(actor=ACTOR)).items]


async def test_a_receiver_can_verify_each_webhook_and_refuse_replays(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble
) -> None:
    secret = await webhook(studio, receiver)
    await trouble.happens(OPENED)
    await trouble.happens(CLOSED)
    await send_what_is_due(studio)

    assert [document["event"] for document in receiver.documents] == ["opened", "recovered"]
    first = receiver.documents[0]
    assert first["incident"]["id"] == trouble.incident.id
    assert first["gateway"] == {"id": trouble.gateway.id, "name": trouble.gateway.name}
    assert first["url"].endswith(f"/incidents/{trouble.incident.id}")
    for body, headers in zip(receiver.bodies, receiver.headers, strict=True):
        Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(receiver.bodies[0].replace(b"opened", b"closed"), receiver.headers[0])
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(receiver.bodies[0], receiver.headers[1])
    old = receiver.headers[0] | {"webhook-timestamp": str(int(now().timestamp()) - 3600)}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(receiver.bodies[0], old)


async def test_a_rotated_secret_signs_at_once_and_the_one_before_for_a_day(
    studio: Studio, receiver: HttpReceiver
) -> None:
    secrets = [await webhook(studio, receiver)]
    for _ in range(2):
        channel, secret = await studio.notification_channels.rotate_secret("hook", actor=ACTOR)
        secrets.append(secret)
    assert len(set(secrets)) == 3
    await studio.notification_channels.test("hook", actor=ACTOR)
    body, headers = receiver.bodies[-1], receiver.headers[-1]
    for secret in secrets[1:]:
        Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(body, headers)
    ended = update(NotificationChannel).values(old_secret_until=now() - timedelta(seconds=1))
    await studio.database.write(lambda session: session.exec(ended))
    await studio.notification_channels.test(channel.id, actor=ACTOR)
    Webhook(secrets[2]).verify(receiver.bodies[-1], receiver.headers[-1])
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[1]).verify(receiver.bodies[-1], receiver.headers[-1])
    await studio.notification_channels.add(
        "mail", ChannelKind.APPRISE, "mailto://u:p@example.com", ChannelRule(), actor=ACTOR
    )
    with pytest.raises(Conflict):
        await studio.notification_channels.rotate_secret("mail", actor=ACTOR)


async def test_nothing_is_told_twice_and_notes_are_not_told(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble
) -> None:
    await webhook(studio, receiver)
    await trouble.happens(OPENED)
    await trouble.happens(IncidentEventKind.NOTE)
    for _ in range(3):
        await send_what_is_due(studio)
    assert len(receiver.bodies) == 1


async def test_a_target_that_is_down_gets_it_later_under_the_same_id(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble
) -> None:
    await webhook(studio, receiver)
    receiver.status = 503
    began = now()
    await trouble.happens(OPENED)
    await send_what_is_due(studio, began)
    await send_what_is_due(studio, began + timedelta(seconds=PAUSES[0] - 1))
    assert len(receiver.bodies) == 1
    row = (await studio.outbox.deliveries(actor=ACTOR)).items[0].delivery
    assert (row.state, row.error) == (DeliveryState.WAITING, "It answered with status 503.")

    receiver.status = 200
    await send_what_is_due(studio, began + timedelta(seconds=PAUSES[0]))
    assert await states(studio) == [DeliveryState.SENT]
    assert receiver.bodies[0] == receiver.bodies[1]
    assert receiver.headers[0]["webhook-id"] == receiver.headers[1]["webhook-id"] == row.id


async def test_it_is_given_up_in_the_end_and_can_be_sent_by_hand(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble
) -> None:
    await webhook(studio, receiver)
    receiver.status = 500
    await trouble.happens(OPENED)
    at = now()
    for pause in (0, *PAUSES, 10_000):
        at += timedelta(seconds=pause)
        await send_what_is_due(studio, at)
    assert len(receiver.bodies) == len(PAUSES) + 1
    assert await states(studio) == [DeliveryState.FAILED]

    receiver.status = 200
    await studio.outbox.retry((await studio.outbox.deliveries(actor=ACTOR)).items[0].delivery.id, actor=ACTOR)
    await send_what_is_due(studio)
    assert await states(studio) == [DeliveryState.SENT]


async def test_a_restart_loses_nothing_at_any_point(tmp_path: Path, receiver: HttpReceiver) -> None:
    settings = Settings(data_dir=tmp_path, notify_allowed_networks=LOOPBACK)
    studio = build_studio(settings)
    await webhook(studio, receiver)
    await Trouble(studio, "first").happens(OPENED)
    await studio.stop()  # before it was taken up

    studio = build_studio(settings)
    await studio.outbox.collect(now())
    receiver.status = 500
    at = now()
    await send_what_is_due(studio, at)
    await Trouble(studio, "second").happens(OPENED)
    await studio.outbox.collect(at)
    await studio.stop()  # after a failed attempt, and before another was begun

    receiver.status = 200
    receiver.bodies.clear()
    studio = build_studio(settings)
    await send_what_is_due(studio, at + timedelta(hours=1))
    await studio.stop()
    assert [document["incident"]["title"] for document in receiver.documents] == ["first", "second"]


async def test_an_event_is_told_though_all_before_it_were_removed(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble
) -> None:
    await webhook(studio, receiver)
    for kind in (OPENED, CLOSED):
        await trouble.happens(kind)
    await send_what_is_due(studio)
    await studio.database.write(lambda session: session.exec(delete(IncidentEvent)))
    await Trouble(studio, "after a calm year").happens(OPENED)
    await send_what_is_due(studio)
    assert [document["incident"]["title"] for document in receiver.documents][2:] == ["after a calm year"]


async def test_an_attempt_that_was_cut_off_is_made_again(tmp_path: Path, receiver: HttpReceiver) -> None:
    settings = Settings(data_dir=tmp_path, notify_allowed_networks=LOOPBACK)
    studio = build_studio(settings)
    at = now()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        channel, _ = await studio.notification_channels.add(
            "hook", ChannelKind.WEBHOOK, url, ChannelRule(), actor=ACTOR
        )
        await Trouble(studio).happens(OPENED)
        await studio.outbox.collect(at)
        await studio.outbox.begin(at)
        await asyncio.to_thread(silent.accept)
        await studio.stop()

    studio = build_studio(settings)
    change = ChannelChange(url=f"http://127.0.0.1:{receiver.port}/")
    await studio.notification_channels.change(channel.id, change, actor=ACTOR)
    await send_what_is_due(studio, at + timedelta(seconds=59))
    assert receiver.bodies == []
    await send_what_is_due(studio, at + timedelta(seconds=61))
    view = (await studio.outbox.deliveries(actor=ACTOR)).items[0]
    assert (view.delivery.state, view.delivery.attempts) == (DeliveryState.SENT, 2)
    assert receiver.headers[0]["webhook-id"] == view.delivery.id
    await studio.stop()


async def test_quiet_hours_hold_back_what_is_not_critical_and_end_in_one_message(
    studio: Studio, receiver: HttpReceiver
) -> None:
    night = QuietHours(start="22:00", end="07:00")
    rule = ChannelRule(quiet_hours=night)
    await studio.notification_channels.add(
        "chat", ChannelKind.APPRISE, f"json://127.0.0.1:{receiver.port}", rule, actor=ACTOR
    )
    at = datetime(2026, 1, 11, 1, 0, tzinfo=UTC)
    for name in ("slow one", "slow two"):
        await Trouble(studio, name).happens(OPENED, Severity.WARNING)
    await Trouble(studio, "dead one").happens(OPENED, Severity.CRITICAL)
    await send_what_is_due(studio, at)
    assert [document["title"] for document in receiver.documents] == ["Trouble (critical): dead one"]

    await send_what_is_due(studio, at.replace(hour=6, minute=59))
    assert len(receiver.bodies) == 1
    await send_what_is_due(studio, at.replace(hour=7))
    assert receiver.documents[1]["title"] == "Nexdeck: 2 notices"
    assert "slow one" in receiver.documents[1]["message"] and "slow two" in receiver.documents[1]["message"]
    assert await states(studio) == [DeliveryState.SENT] * 3


async def test_a_rule_keeps_away_what_a_channel_did_not_ask_for(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble
) -> None:
    await trouble.happens(IncidentEventKind.NOTE)
    await webhook(studio, receiver, "grave", minimum_severity="critical")
    await webhook(studio, receiver, "mine", gateways=[trouble.gateway.name])
    other = Trouble(studio, "elsewhere")
    await other.happens(OPENED, Severity.WARNING)
    await trouble.happens(OPENED, Severity.WARNING)
    await send_what_is_due(studio)
    told = [
        (view.channel_name, view.delivery.incident_id) for view in (await studio.outbox.deliveries(actor=ACTOR)).items
    ]
    assert told == [("mine", trouble.incident.id)]


async def test_mail_arrives_and_hostile_names_stay_text(studio: Studio, mailbox: Mailbox) -> None:
    hostile = "<script>alert(1)</script>\r\nBcc: all@example.com\r\n\r\n@everyone <!channel> \u202e\x1b[31m"
    url = f"mailto://127.0.0.1:{mailbox.port}/?from=deck@example.com&to=ops@example.com&mode=insecure"
    await studio.notification_channels.add("mail", ChannelKind.APPRISE, url, ChannelRule(), actor=ACTOR)
    trouble = Trouble(studio, hostile)
    await trouble.happens(OPENED, message=hostile)
    await send_what_is_due(studio)

    assert await states(studio) == [DeliveryState.SENT], (
        (await studio.outbox.deliveries(actor=ACTOR)).items[0].delivery.error
    )
    message = mailbox.messages[0]
    assert message["Bcc"] is None and message["To"] == "ops@example.com"
    assert "\n" not in message["Subject"] and "@everyone" not in message["Subject"]
    html = message.get_body(("html",))
    assert html is None or "<script>" not in html.get_content()
    text = message.get_body(("plain", "html")).get_content()
    assert "\x1b" not in text and "\u202e" not in text and "<!channel>" not in text
    assert re.search(r"Since: \d{4}-\d\d-\d\d \d\d:\d\d UTC", text)


async def test_what_ended_long_ago_is_removed_and_what_waits_too_long_is_given_up(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble
) -> None:
    await webhook(studio, receiver)
    receiver.status = 500
    await trouble.happens(OPENED)
    await studio.outbox.collect(now() - timedelta(days=4))
    await studio.outbox.prune()
    assert await states(studio) == [DeliveryState.FAILED]
    await trouble.happens(CLOSED)
    await send_what_is_due(studio, now() - timedelta(days=31))
    await studio.outbox.prune()
    assert [view.delivery.event for view in (await studio.outbox.deliveries(actor=ACTOR)).items] == ["opened"]


async def test_secrets_of_an_address_are_in_no_row_answer_or_log(
    studio: Studio, receiver: HttpReceiver, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.status = 500
    secret = await webhook(studio, receiver)
    url = f"json://someone:pass-word-1@127.0.0.1:{receiver.port}/token-in-path?+X-Key=key-in-header"
    chat, _ = await studio.notification_channels.add("chat", ChannelKind.APPRISE, url, ChannelRule(), actor=ACTOR)
    await trouble.happens(OPENED)
    await send_what_is_due(studio)

    assert chat.shown == "json://127.0.0.1/…"
    said = caplog.text + "".join(map(repr, (await studio.outbox.deliveries(actor=ACTOR)).items))
    with studio.database.engine.connect() as connection:
        said += "\n".join(connection.connection.driver_connection.iterdump())
    for each in (secret, "secret-path", "pass-word-1", "token-in-path", "key-in-header"):
        assert each not in said
    assert len(receiver.bodies) == 2
