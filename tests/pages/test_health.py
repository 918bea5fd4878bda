"""The health pages: the board, incidents on top, a pause, planned work, and all of it live."""

from datetime import timedelta

import pytest
from nicegui.testing import User

from nexdeck.models.base import now
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.health.incidents import IncidentQuery
from nexdeck.services.studio import Studio
from tests.actors import ACTOR

HOSTILE = "<script>alert(1)</script>"


class Sweeps:
    """Looks at the gateway of the tests as if each came 15 s after the one before."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._at = now() - timedelta(minutes=5)

    async def fail(self, times: int = 3) -> str:
        """The gateway does not answer; returns the incident's id, once there is one."""
        for _ in range(times):
            gateway = await self._studio.gateways.get("local", actor=ACTOR)
            gateway.status_reason = f"refused {HOSTILE}"
            self._at += timedelta(seconds=15)
            await self._studio.health.record(Probe(gateway, None, self._at, 1.0))
        found = await self._studio.incidents.list(IncidentQuery(), actor=ACTOR)
        return found.items[0].incident.id if found.items else ""


@pytest.fixture
def sweeps(studio: Studio) -> Sweeps:
    return Sweeps(studio)


async def test_an_incident_appears_live_and_is_seen_to(user: User, studio: Studio, sweeps: Sweeps) -> None:
    await user.open("/health")
    await user.should_see("No open incidents")
    gateway = await studio.gateways.get("local", actor=ACTOR)
    incident = await sweeps.fail()
    await user.should_see("Gateway local cannot be reached")
    await user.should_see(f"refused {HOSTILE}")
    user.find(marker=f"acknowledge-{gateway.id}").click()
    await user.should_see("local sees to it")
    assert (await studio.incidents.get(incident, actor=ACTOR)).summary.incident.acknowledged_by == "local"


async def test_an_incident_has_a_page_with_its_timeline_and_notes(user: User, studio: Studio, sweeps: Sweeps) -> None:
    incident = await sweeps.fail()
    await user.open(f"/incidents/{incident}")
    await user.should_see("Opened")
    user.find(marker="note").type(f"Called the host {HOSTILE}")
    user.find(marker="add-note").click()
    await user.should_see(f"Called the host {HOSTILE}")
    await user.open("/incidents?status=closed")
    await user.should_see("No incidents")


async def test_the_checks_of_a_gateway_are_paused_from_its_row(user: User, studio: Studio) -> None:
    gateway = await studio.gateways.get("local", actor=ACTOR)
    await user.open("/health?kind=gateway&range=7d")
    await user.should_see("Uptime, 7 days")
    user.find(marker=f"menu-{gateway.id}").click()
    await user.should_see("Pause the checks …")
    user.find(marker="act-pause").click()
    await user.should_see("Pause the checks of local")
    user.find(marker="pause-reason").type("a new line")
    user.find(marker="save-pause").click()
    await user.should_see("Checks are paused: a new line")
    await user.should_see("Paused")
    assert await studio.health.paused_gateways() == {gateway.id}


async def test_maintenance_of_everything_is_planned_and_told(user: User, studio: Studio) -> None:
    await user.open("/health")
    user.find("Plan maintenance").click()
    await user.should_see(marker="save-maintenance")
    user.find(marker="save-maintenance").click()
    await user.should_see("say in up to 500 characters what is done")
    user.find(marker="maintenance-reason").type("New disks")
    user.find(marker="save-maintenance").click()
    await user.should_see("Maintenance is under way.")
    await user.should_see("Everything: maintenance is under way")
    await user.should_see("New disks")
    user.find("End it now").click()
    await user.should_not_see("Everything: maintenance")


async def test_the_board_shows_at_once_what_is_new(user: User, studio: Studio) -> None:
    await user.open("/health")
    await user.should_see("No open incidents")
    new = {"url": "http://127.0.0.1:1", "encrypted_token": studio.secrets.encrypt("token"), "created_by": "test"}
    gateway = await studio.gateways.save_new(Gateway(name="newcomer", kind=GatewayKind.REMOTE, **new))
    await studio.health.record(await studio.gateways.look(gateway))
    await user.should_see("newcomer")


async def test_the_overview_tells_what_and_since_when(user: User, studio: Studio, sweeps: Sweeps) -> None:
    await sweeps.fail()
    await user.open("/")
    await user.should_see("1 thing needs attention")
    await user.should_see("Gateway local cannot be reached")
