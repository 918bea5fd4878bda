"""A real Studio on a real SQLite file, receivers on loopback, and incidents as the health service writes them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.base import new_id, now
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.health import HealthCause, Incident, IncidentEvent, IncidentEventKind, Severity
from nexdeck.services.studio import Studio
from tests.unit.notifications.receivers import HttpReceiver, Mailbox, http_receiver, mail_server

LOOPBACK = "127.0.0.0/8"


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    studio = build_studio(Settings(data_dir=tmp_path, notify_allowed_networks=LOOPBACK))
    yield studio
    await studio.stop()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


class Trouble:
    """One incident of a gateway; each call writes an event of it."""

    def __init__(self, studio: Studio, title: str = "Gateway eu-1 is down") -> None:
        self._studio = studio
        name = new_id("eu")
        gateway = Gateway(
            name=name, kind=GatewayKind.REMOTE, url=f"http://{name}", encrypted_token="", created_by="test"
        )
        self.gateway = gateway
        self.incident = Incident(
            cause=HealthCause.UNREACHABLE,
            cause_key=gateway.id,
            gateway_id=gateway.id,
            severity=Severity.CRITICAL,
            title=title,
            reason="Nothing answers.",
        )

    async def happens(self, kind: IncidentEventKind, severity: Severity = Severity.CRITICAL, message: str = "") -> None:
        def write(session) -> None:
            session.merge(self.gateway)
            self.incident.closed_at = now() if kind is IncidentEventKind.CLOSED else None
            session.merge(self.incident)
            session.flush()
            event = IncidentEvent(incident_id=self.incident.id, kind=kind, severity=severity, by="health")
            event.message = message or f"It is {kind}."
            session.add(event)

        await self._studio.database.write(write)


@pytest.fixture
def trouble(studio: Studio) -> Trouble:
    return Trouble(studio)


async def send_what_is_due(studio: Studio, at=None) -> None:
    """One round of the outbox, and the end of every attempt that it began."""
    await studio.outbox.collect(at or now())
    for attempt in await studio.outbox.begin(at or now()):
        await attempt
