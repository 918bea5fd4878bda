"""Addresses of channels: what is taken, what is refused, and that nothing reaches a private network unasked."""

import asyncio
import socket
from pathlib import Path

import pytest

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.notification import ChannelKind
from nexdeck.services.errors import InvalidInput, NotDelivered
from nexdeck.services.notifications import sending
from nexdeck.services.notifications.targets import parse_target
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.unit.notifications.receivers import HttpReceiver


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "dbus://",
        "syslog://",
        "windows://",
        "http://example.com",
        "apprise://example.com/token",
        "json://",
        "slack://T/B/C?template=/etc/passwd",
        "workflows://h.example.com/w/s?TEMPLATE=/etc/passwd",
        "mailto://a:b@example.com?pgppub=/etc/passwd",
        "json://example.com/?redirect=yes",
        "json://example.com/ and more",
        "json://exam\nple.com/",
        "json://[::1",
        "x" * 2001,
        "",
    ],
)
def test_what_acts_on_this_machine_or_reads_its_files_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_target(ChannelKind.APPRISE, url)
    assert caught.value.errors[0].path == "url"
    assert "passwd" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["ftp://h", "javascript:alert(1)", "https://", "https://u:p@h/", "//h", "https://h:99999"]
)
def test_a_webhook_is_a_plain_web_address(url: str) -> None:
    with pytest.raises(InvalidInput):
        parse_target(ChannelKind.WEBHOOK, url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("slack://TAAAAAAAA/BAAAAAAAA/abcdefghijklmnopqrstuvwx", "slack://…"),
        ("mailtos://me:hunter2@smtp.example.com/?to=ops@example.com", "mailtos://smtp.example.com/…"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "tgram://…"),
    ],
)
def test_what_is_shown_of_an_address_has_nothing_secret(url: str, shown: str) -> None:
    assert parse_target(ChannelKind.APPRISE, url).shown == shown


@pytest.fixture
async def strict(tmp_path: Path):
    """As it is by default: no private network is allowed."""
    studio = build_studio(Settings(data_dir=tmp_path))
    yield studio
    await studio.stop()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"]
)
@pytest.mark.parametrize("kind", ChannelKind)
async def test_loopback_is_refused_however_it_is_written(
    strict: Studio, receiver: HttpReceiver, host: str, kind: ChannelKind
) -> None:
    scheme = "http" if kind is ChannelKind.WEBHOOK else "json"
    with pytest.raises((NotDelivered, InvalidInput)):
        await strict.notification_channels.try_out(kind, f"{scheme}://{host}:{receiver.port}/x", actor=ACTOR)
    assert receiver.bodies == []


async def test_the_refusal_says_which_setting_allows_it(strict: Studio, receiver: HttpReceiver) -> None:
    with pytest.raises(NotDelivered, match="NEXDECK_NOTIFY_ALLOWED_NETWORKS"):
        await strict.notification_channels.try_out(
            ChannelKind.APPRISE, f"json://localhost:{receiver.port}", actor=ACTOR
        )


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "100.64.0.1", "192.168.1.1"])
async def test_metadata_and_private_networks_are_refused_though_loopback_is_allowed(
    studio: Studio, address: str
) -> None:
    with pytest.raises(NotDelivered, match=r"notices do not go there"):
        await studio.notification_channels.try_out(
            ChannelKind.WEBHOOK, f"http://{address}/latest/meta-data", actor=ACTOR
        )


async def test_the_address_that_counts_is_that_of_the_connection(
    studio: Studio, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolved to something harmless a moment ago and to a metadata service now."""
    rebound = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rebound)
    for kind, url in ((ChannelKind.WEBHOOK, "http://hook.example/x"), (ChannelKind.APPRISE, "json://hook.example/x")):
        with pytest.raises(NotDelivered, match=r"169\.254\.169\.254"):
            await studio.notification_channels.try_out(kind, url, actor=ACTOR)


async def test_why_a_webhook_cannot_be_reached_is_told_without_a_number(studio: Studio) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(NotDelivered, match=r"It cannot be reached \(Connection refused\)"):
        await studio.notification_channels.try_out(ChannelKind.WEBHOOK, f"http://127.0.0.1:{port}/x", actor=ACTOR)


@pytest.mark.parametrize(("kind", "scheme"), [(ChannelKind.WEBHOOK, "http"), (ChannelKind.APPRISE, "json")])
async def test_redirects_are_not_followed(
    studio: Studio, receiver: HttpReceiver, kind: ChannelKind, scheme: str
) -> None:
    receiver.status, receiver.location = 307, f"http://127.0.0.1:{receiver.port}/elsewhere"
    with pytest.raises(NotDelivered, match="307"):
        await studio.notification_channels.try_out(kind, f"{scheme}://127.0.0.1:{receiver.port}/x", actor=ACTOR)
    assert len(receiver.bodies) == 1


async def test_a_target_that_hangs_ends_at_the_limit_and_costs_one_thread(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.2)
    monkeypatch.setattr(sending, "GRACE", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NotDelivered, match="did not end"):
            await studio.notification_channels.try_out(ChannelKind.WEBHOOK, url, actor=ACTOR)
        with pytest.raises(NotDelivered, match="still hangs"):
            await studio.notification_channels.try_out(ChannelKind.WEBHOOK, url, actor=ACTOR)
    await asyncio.sleep(0)
