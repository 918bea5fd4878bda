"""A gateway of our own that is coming up is no incident, however often it is looked at; one that stays away is."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.services.gateways.startup_grace import StartupGrace
from nexdeck.services.health.incidents import IncidentQuery
from nexdeck.services.rules.health import RESTARTS_TO_TELL
from tests.actors import ACTOR
from tests.integration.studio.test_reconciler import eventually
from tests.programs import free_port, running_studio


def test_neither_the_first_start_nor_restarts_that_were_asked_for_are_an_incident(tmp_path: Path) -> None:
    with running_studio(tmp_path, NEXDECK_SWEEP_SECONDS="0.2") as studio:

        def is_up(*, since: str | None = None) -> bool:
            gateway = studio.http.get("/api/v1/gateways/local").json()
            return gateway["status"] == "online" and gateway["boot_id"] not in (None, since)

        eventually(is_up, 60)
        for _ in range(RESTARTS_TO_TELL):
            boot_id = studio.http.get("/api/v1/gateways/local").json()["boot_id"]
            studio.http.post("/api/v1/gateways/local/restart").raise_for_status()
            eventually(partial(is_up, since=boot_id), 60)
        eventually(lambda: studio.http.get("/api/v1/health").json()["items"][0]["health_status"] == "healthy")
        assert studio.http.get("/api/v1/incidents").json()["items"] == []


async def test_that_it_died_by_itself_excuses_nothing(tmp_path: Path) -> None:
    studio = build_studio(Settings(data_dir=tmp_path, gateway_port=free_port()))
    await studio.local_gateways.start()
    try:
        gateway = await studio.gateways.get("local", actor=ACTOR)
        async with asyncio.timeout(60):
            while not (look := await studio.gateways.look(gateway)).is_up:
                pass
            killed = look.state.pid
            os.kill(killed, signal.SIGKILL)
            while not (look.is_up and look.state.pid != killed):
                look = await studio.gateways.look(gateway)
                assert not look.is_coming_up
    finally:
        await studio.stop()


async def test_one_that_does_not_come_up_in_time_is_an_incident(tmp_path: Path) -> None:
    studio, port = build_studio(Settings(data_dir=tmp_path / "data", sweep_seconds=0.2)), free_port()
    studio.gateways.startup_grace = StartupGrace(patience_seconds=3600)
    taken = {"url": f"http://127.0.0.1:{port}", "encrypted_token": studio.secrets.encrypt("token")}
    await studio.gateways.save_new(Gateway(name="local", kind=GatewayKind.LOCAL, created_by="test", **taken))

    async def look() -> tuple[str, list[str]]:
        await studio.reconciler.sweep()
        await asyncio.sleep(0.2)
        found = await studio.incidents.list(IncidentQuery(), actor=ACTOR)
        return (await studio.gateways.get("local", actor=ACTOR)).status, [each.incident.title for each in found.items]

    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port):
        try:
            await studio.local_gateways.start()
            await asyncio.sleep(0)  # its supervisor begins
            assert [await look() for _ in range(4)] == [("starting", [])] * 4
            studio.gateways.startup_grace = StartupGrace(patience_seconds=0)  # its time is up
            async with asyncio.timeout(60):
                while not (seen := await look())[1]:
                    pass
            assert seen == ("offline", ["Gateway local cannot be reached"])
        finally:
            await studio.stop()
