"""The public status page: off until it is switched on, and then it tells states and times, and nothing that is ours."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.app.status.page import mount_status_page
from nexdeck.models.agent import Agent
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment, DeploymentStatus, HealthState
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.health import (
    HealthCause,
    HealthChange,
    HealthStanding,
    Incident,
    IncidentDeployment,
    MaintenanceWindow,
    Severity,
)
from nexdeck.models.status_page import StatusItem, StatusPageSettings
from nexdeck.services.errors import InvalidInput, NotFound
from nexdeck.services.status_page.service import settings_from
from nexdeck.services.studio import Studio
from tests.actors import ACTOR

HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    studio = build_studio(Settings(data_dir=tmp_path))
    yield studio
    await studio.stop()


@pytest.fixture
async def public(studio: Studio) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of somebody who has no account."""
    web = FastAPI()
    mount_status_page(web, studio.status_pages)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://127.0.0.1") as client:
        yield client


async def store(studio: Studio, *rows) -> None:
    def write(session) -> None:
        for row in rows:
            session.add(row)
            session.flush()

    await studio.database.write(write)


@pytest.fixture
async def deployment(studio: Studio) -> Deployment:
    """Healthy since ten days, on a gateway with a telling name."""
    gateway = Gateway(
        name="secret-gateway", kind=GatewayKind.REMOTE, url="http://10.9.8.7", encrypted_token="", created_by="test"
    )
    agent = Agent(name="internal-agent", created_by="test", kind="python")
    row = Deployment(
        name="internal-name",
        agent_id=agent.id,
        version="1.0.0",
        gateway_id=gateway.id,
        deployed_by="test",
        api_endpoint="http://10.9.8.7/workflows/internal-name/execute",
        cli_command="nexdeck run internal-name",
        status=DeploymentStatus.RUNNING,
    )
    since = now() - timedelta(days=10)
    change = HealthChange(subject_id=row.id, at=since, state=HealthState.HEALTHY, reason="internal reason")
    standing = HealthStanding(subject_id=row.id, state=HealthState.HEALTHY, since=since)
    await store(studio, gateway, agent, row, change, standing)
    return row


async def publish(studio: Studio, deployment: Deployment, name: str = "Support", **settings) -> None:
    items = [StatusItem(deployment=deployment.name, name=name)]
    await studio.status_pages.change(StatusPageSettings(enabled=True, items=items, **settings), actor=ACTOR)


async def test_there_is_none_until_it_is_switched_on(studio: Studio, public: httpx.AsyncClient, deployment) -> None:
    assert (await public.get("/status/status")).status_code == 404
    await publish(studio, deployment)
    assert (await public.get("/status/status")).status_code == 200
    await studio.status_pages.change(StatusPageSettings(), actor=ACTOR)
    assert [(await public.get(f"/status/status{end}")).status_code for end in ("", ".json")] == [404, 404]
    assert (await public.get("/status/other")).status_code == 404


async def test_it_tells_state_uptime_and_incidents(studio: Studio, public: httpx.AsyncClient, deployment) -> None:
    await publish(studio, deployment, title="Acme status")
    document = (await public.get("/status/status.json")).json()
    assert (document["title"], document["state"]) == ("Acme status", "operational")
    service = document["services"][0]
    assert (service["name"], service["words"], service["uptime_percent"]) == ("Support", "Operational", 100.0)
    assert len(service["bars"]) == 90
    assert [bar["state"] for bar in service["bars"][-9:]] == ["operational"] * 9
    assert service["bars"][0] | {"begins_at": ""} == {"begins_at": "", "state": "unknown", "percent": None}


async def down(studio: Studio, deployment: Deployment, since: datetime) -> Incident:
    incident = Incident(
        cause=HealthCause.ABSENT,
        cause_key=deployment.id,
        gateway_id=deployment.gateway_id,
        deployment_id=deployment.id,
        severity=Severity.CRITICAL,
        title="internal-name is gone from secret-gateway",
        reason="10.9.8.7 answers 404",
        opened_at=since,
    )
    change = HealthChange(subject_id=deployment.id, at=since, state=HealthState.UNHEALTHY, reason="10.9.8.7: 404")
    link = IncidentDeployment(incident_id=incident.id, deployment_id=deployment.id)
    await store(studio, incident, change, link)
    await studio.database.write(
        lambda session: setattr(session.get(HealthStanding, deployment.id), "state", HealthState.UNHEALTHY)
    )
    return incident


async def test_an_incident_is_told_by_public_name_and_nothing_internal_is(
    studio: Studio, public: httpx.AsyncClient, deployment
) -> None:
    await down(studio, deployment, now() - timedelta(days=1))
    await publish(studio, deployment)
    html, document = (await public.get("/status/status")).text, (await public.get("/status/status.json"))
    assert document.json()["state"] == "down"
    assert document.json()["services"][0]["uptime_percent"] == pytest.approx(90, abs=0.1)
    assert [i["title"] for i in document.json()["incidents"]] == ["Support: unavailable"]
    assert "Support: unavailable" in html and "Some services are unavailable" in html
    for word in ("internal", "secret-gateway", "10.9.8.7", deployment.id, deployment.gateway_id, "404"):
        assert word not in html and word not in document.text


async def test_planned_work_and_a_stopped_deployment_are_no_trouble(
    studio: Studio, public: httpx.AsyncClient, deployment
) -> None:
    window = MaintenanceWindow(
        subject_id=deployment.gateway_id,
        starts_at=now() - timedelta(hours=1),
        ends_at=now() + timedelta(hours=1),
        reason="internal",
        created_by="test",
    )
    await store(studio, window)
    await publish(studio, deployment)
    assert (await public.get("/status/status.json")).json()["headline"] == "Planned work is under way"
    await studio.database.write(
        lambda session: setattr(session.get(Deployment, deployment.id), "status", DeploymentStatus.STOPPED)
    )
    await publish(studio, deployment)
    assert (await public.get("/status/status.json")).json()["services"][0]["words"] == "Not in service"


async def test_hostile_names_are_text(studio: Studio, public: httpx.AsyncClient, deployment) -> None:
    await publish(studio, deployment, name=HOSTILE, title=HOSTILE)
    answer = await public.get("/status/status")
    assert "<script" not in answer.text and "{{ 7 * 7 }}" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


async def test_caches_may_keep_it_and_an_unchanged_page_is_not_sent_again(
    studio: Studio, public: httpx.AsyncClient, deployment
) -> None:
    await publish(studio, deployment)
    for address in ("/status/status", "/status/status.json"):
        first = await public.get(address)
        assert "max-age=10" in first.headers["cache-control"] and "set-cookie" not in first.headers
        again = await public.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await public.head(address)).headers["etag"] == first.headers["etag"]


async def test_many_visitors_read_the_database_once(studio: Studio, deployment, monkeypatch) -> None:
    await publish(studio, deployment)
    reads = []
    read = studio.database.read
    monkeypatch.setattr(studio.database, "read", lambda query: reads.append(query) or read(query))
    for _ in range(50):
        await studio.status_pages.public("status")
    assert len(reads) == 1


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"slug": "Not/a slug"}, "slug"),
        ({"title": "two\nlines"}, "title"),
        ({"title": " "}, "title"),
        ({"items": [{"deployment": "x", "name": "\u202e"}]}, "items.0.name"),
        ({"items": [{"deployment": "x", "name": "y"}] * 51}, "items"),
    ],
)
def test_settings_that_do_not_fit_are_refused_at_their_place(wrong: dict, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        settings_from(wrong)
    assert [fault.path for fault in caught.value.errors] == [path]


async def test_a_deployment_must_be_there_and_be_named_once(studio: Studio, deployment) -> None:
    item = StatusItem(deployment=deployment.name, name="a")
    with pytest.raises(InvalidInput):
        await studio.status_pages.change(StatusPageSettings(items=[item, item]), actor=ACTOR)
    with pytest.raises(NotFound):
        missing = StatusItem(deployment="nobody", name="b")
        await studio.status_pages.change(StatusPageSettings(items=[missing]), actor=ACTOR)
