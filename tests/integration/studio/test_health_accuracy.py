"""Health accuracy: every cause made to happen on a real gateway; state, reason, and how many sweeps until it is seen.

The gateway, its process, the calls and the connection to it are real. Only the clock is not: each sweep is recorded
as 15 s after the one before, so that five-minute windows and streaks need no waiting.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from nexdeck.models.base import now
from nexdeck.models.deployment import HealthState
from nexdeck.models.health import HealthCause, IncidentEventKind
from tests.actors import ACTOR
from tests.gateway_process import TOKEN, GatewayProcess, gateway_process
from tests.integration.studio.watched import AGENT, INTERVAL, Relay, Watch


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with gateway_process(tmp_path_factory.mktemp("watched")) as process:
        yield process


@pytest.fixture
async def watch(tmp_path: Path, gateway: GatewayProcess) -> AsyncIterator[Watch]:
    relay = Relay(gateway.port)
    await relay.mend()
    watch = Watch(tmp_path / "data", gateway, relay)
    await watch.studio.agents.create("agent.py", AGENT, actor=ACTOR)
    await watch.studio.gateways.add_remote("far", f"http://127.0.0.1:{relay.port}", TOKEN, actor=ACTOR)
    yield watch
    await watch.studio.stop()
    await relay.cut()
    for held in gateway.state()["deployments"]:
        gateway.control.delete(f"/control/v1/deployments/{held['deployment_id']}").raise_for_status()


async def test_a_killed_gateway_is_one_incident_after_three_sweeps_and_over_after_two(watch: Watch) -> None:
    ids = [await watch.deploy(f"killed-{number}") for number in range(3)]
    await watch.sweep()
    watch.gateway.kill()
    await watch.sweep()
    assert (await watch.studio.gateways.get("far", actor=ACTOR)).status == "offline", (
        "what a look sees is shown at once"
    )
    assert (await watch.view(ids[0])).row.state is HealthState.HEALTHY
    assert await watch.until(ids[0], HealthState.UNHEALTHY) == 2
    views = [await watch.view(id_) for id_ in ids]
    assert {(view.row.state, view.row.cause) for view in views} == {(HealthState.UNHEALTHY, HealthCause.GATEWAY)}
    assert "Gateway far cannot be reached" in views[0].row.reason
    (incident,) = await watch.incidents()
    assert (incident.summary.incident.cause, incident.summary.incident.closed_at) == (HealthCause.UNREACHABLE, None)
    assert {name for _, name in incident.affected} == {"killed-0", "killed-1", "killed-2"}
    watch.gateway.start()
    assert await watch.until(ids[0], HealthState.HEALTHY) == 2
    trouble = incident.summary.incident.reason
    (incident,) = await watch.incidents()
    assert [event.kind for event in incident.events] == [IncidentEventKind.OPENED, IncidentEventKind.CLOSED]
    assert incident.summary.incident.reason == trouble, "it tells what was wrong, not how it went away"


async def test_a_gateway_that_keeps_restarting_is_told_though_it_answers(watch: Watch) -> None:
    id_ = await watch.deploy("interrupted")
    gateway = await watch.studio.gateways.get("far", actor=ACTOR)
    await watch.sweep(2)
    for number in range(3):
        assert (await watch.view(gateway.id)).row.state is HealthState.HEALTHY, f"after {number} restarts"
        watch.gateway.kill()
        watch.gateway.start()
        await watch.restart()
        await watch.sweep()
    seen = (await watch.view(gateway.id)).row
    assert (seen.state, seen.cause) == (HealthState.DEGRADED, HealthCause.RESTARTS)
    assert (await watch.view(id_)).row.state is HealthState.HEALTHY, "it is served"
    (incident,) = await watch.incidents()
    assert incident.summary.incident.title == "Gateway far keeps restarting"
    assert {name for _, name in incident.affected} == {"interrupted"}
    await watch.wait(minutes=10)
    await watch.sweep()
    assert (await watch.view(gateway.id)).row.state is HealthState.HEALTHY
    (incident,) = await watch.incidents()
    assert incident.summary.incident.closed_at


async def test_a_hung_gateway_is_told_from_a_working_one(watch: Watch) -> None:
    id_ = await watch.deploy("hung")
    await watch.sweep()
    os.kill(watch.gateway.process.pid, signal.SIGSTOP)
    try:
        looks = await asyncio.gather(*(watch.look() for _ in range(3)))  # each takes the five seconds of its limit
    finally:
        os.kill(watch.gateway.process.pid, signal.SIGCONT)
    for number, look in enumerate(looks):
        assert (await watch.view(id_)).row.state is HealthState.HEALTHY, f"after {number} failed looks"
        watch.at += INTERVAL
        await watch.studio.health.record(look._replace(at=watch.at))
    seen = (await watch.view(id_)).row
    assert (seen.state, seen.cause) == (HealthState.UNHEALTHY, HealthCause.GATEWAY)
    assert "did not answer in time" in seen.reason
    assert await watch.until(id_, HealthState.HEALTHY) == 2


async def test_a_cut_network_is_seen_and_a_restart_of_the_control_plane_forgets_no_streak(watch: Watch) -> None:
    id_ = await watch.deploy("cut-off")
    await watch.sweep()
    await watch.relay.cut()
    await watch.sweep(2)
    await watch.restart()
    assert await watch.until(id_, HealthState.UNHEALTHY) == 1
    assert watch.gateway.call("cut-off", {}).status_code == 200, "the gateway itself serves on"
    await watch.relay.mend()
    await watch.sweep()
    await watch.restart()
    assert await watch.until(id_, HealthState.HEALTHY) == 1


async def test_what_is_gone_from_its_gateway_is_seen_after_two_sweeps(watch: Watch) -> None:
    id_ = await watch.deploy("gone")
    await watch.sweep()
    watch.gateway.control.delete(f"/control/v1/deployments/{id_}").raise_for_status()
    assert await watch.until(id_, HealthState.UNHEALTHY) == 2
    seen = (await watch.view(id_)).row
    assert (seen.cause, seen.reason) == (HealthCause.ABSENT, "Gateway far does not serve it.")
    (incident,) = await watch.incidents()
    assert incident.summary.incident.deployment_id == id_


async def test_failing_calls_tell_by_their_share(watch: Watch) -> None:
    id_ = await watch.deploy("failing")
    await watch.sweep()
    await watch.call("failing", 100, failing=4)
    await watch.sweep()
    assert (await watch.view(id_)).row.state is HealthState.HEALTHY
    await watch.wait(minutes=6)
    await watch.call("failing", 100, failing=6)
    assert await watch.until(id_, HealthState.DEGRADED) == 1
    assert (await watch.view(id_)).row.reason == "6% of the calls of the last five minutes failed (6 of 100)."
    await watch.wait(minutes=6)
    await watch.call("failing", 100, failing=60)
    assert await watch.until(id_, HealthState.UNHEALTHY) == 1
    await watch.wait(minutes=6)
    assert await watch.until(id_, HealthState.HEALTHY) == 2
    (incident,) = await watch.incidents()
    kinds = [event.kind for event in incident.events]
    assert kinds == [IncidentEventKind.OPENED, IncidentEventKind.CHANGED, IncidentEventKind.CLOSED]


@pytest.mark.parametrize("gateway_too", [False, True])
async def test_a_restart_of_the_control_plane_forgets_no_traffic(watch: Watch, gateway_too: bool) -> None:
    id_ = await watch.deploy("remembered")
    await watch.sweep()
    await watch.call("remembered", 40, failing=30)
    assert await watch.until(id_, HealthState.UNHEALTHY) == 1
    if gateway_too:
        watch.gateway.kill()
        watch.gateway.start()
    await watch.restart()
    await watch.sweep(3)
    seen = (await watch.view(id_)).row
    assert (seen.state, seen.reason) == (
        HealthState.UNHEALTHY,
        "75% of the calls of the last five minutes failed (30 of 40).",
    )


async def test_slow_calls_tell_only_where_a_limit_was_set(watch: Watch) -> None:
    limited, free = await watch.deploy("limited", latency_limit_ms=40), await watch.deploy("free")
    await watch.sweep()
    await asyncio.gather(watch.call("limited", 25, ms=60), watch.call("free", 25, ms=60))
    assert await watch.until(limited, HealthState.DEGRADED) == 1
    seen = (await watch.view(limited)).row
    assert seen.cause is HealthCause.SLOW
    assert "the limit is 40 ms" in seen.reason
    assert (await watch.view(free)).row.state is HealthState.HEALTHY


async def test_a_sample_call_tells_of_what_nobody_calls(watch: Watch, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    id_ = await watch.deploy("idle", synthetic_check=True, sample_input={"fail_if_there": str(broken)})
    await watch.sweep()
    broken.touch()
    for state in (HealthState.HEALTHY, HealthState.UNHEALTHY):
        await watch.studio.sample_calls.call_due()
        await watch.sweep()
        assert (await watch.view(id_)).row.state is state
    seen = (await watch.view(id_)).row
    assert (seen.cause, seen.reason) == (
        HealthCause.SYNTHETIC,
        "The call with the sample input failed with status 500.",
    )
    broken.unlink()
    await watch.studio.sample_calls.call_due()
    assert await watch.until(id_, HealthState.HEALTHY) == 2
    assert (await watch.studio.deployments.get("idle", actor=ACTOR)).request_count == 0, (
        "they are not counted among the calls"
    )


async def test_a_sample_call_that_meets_a_gateway_coming_up_tells_nothing(watch: Watch) -> None:
    id_ = await watch.deploy("early", synthetic_check=True)
    await watch.sweep()

    async def come_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"status": 503, "detail": "The gateway is starting.", "code": "starting"}'
        head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    await watch.relay.cut()
    async with await asyncio.start_server(come_up, "127.0.0.1", watch.relay.port):
        await watch.studio.sample_calls.call_due()
    await watch.relay.mend()
    await watch.sweep(3)
    seen = (await watch.view(id_)).row
    assert (seen.state, seen.reason) == (HealthState.HEALTHY, "Gateway far serves revision 1.")


async def test_flapping_keeps_one_incident_open_and_says_so(watch: Watch) -> None:
    id_ = await watch.deploy("flapping")
    await watch.sweep()
    for _ in range(5):
        await watch.relay.cut()
        await watch.sweep(3)
        await watch.relay.mend()
        await watch.sweep(2)
    gateway = await watch.studio.gateways.get("far", actor=ACTOR)
    assert (await watch.view(gateway.id)).row.flapping
    incidents = await watch.incidents()
    assert len(incidents) == 2, "one before it was known to flap, and one from then on"
    (open_,) = [detail for detail in incidents if detail.summary.incident.closed_at is None]
    assert [event.kind for event in open_.events] == [IncidentEventKind.OPENED, IncidentEventKind.FLAPPING]
    await watch.sweep(25)
    assert not (await watch.view(gateway.id)).row.flapping
    assert all(detail.summary.incident.closed_at for detail in await watch.incidents())
    assert (await watch.view(id_)).row.state is HealthState.HEALTHY


async def test_ten_minutes_of_ordinary_noise_raise_no_alarm(watch: Watch) -> None:
    ids = [await watch.deploy("noisy", latency_limit_ms=500), await watch.deploy("calm")]
    chance = random.Random(4)
    await watch.sweep()
    for minute in range(10):
        await watch.call("noisy", 40, failing=1, ms=1)  # 2.5 %: below what counts
        await watch.call("calm", 3, failing=1)  # too few to tell
        for _ in range(4):
            is_lost = chance.random() < 0.2
            if is_lost:
                await watch.relay.cut()
            await watch.sweep()
            if is_lost:
                await watch.relay.mend()
        for id_ in ids:
            assert (await watch.view(id_)).row.state is HealthState.HEALTHY, f"minute {minute}"
    assert await watch.incidents() == []


async def test_neither_a_pause_nor_planned_work_is_downtime(watch: Watch) -> None:
    id_ = await watch.deploy("worked-on")
    await watch.sweep()
    began: datetime = watch.at
    await watch.studio.maintenance.plan(now(), began + timedelta(hours=1), "a new disk", gateway="far", actor=ACTOR)
    watch.gateway.control.delete(f"/control/v1/deployments/{id_}").raise_for_status()
    assert await watch.until(id_, HealthState.UNHEALTHY) == 2
    assert (await watch.view(id_)).row.in_maintenance
    assert await watch.incidents() == []
    watch.at = began + timedelta(hours=1)
    await watch.sweep()
    assert len(await watch.incidents()) == 1, "it is over and still not well"
    await watch.studio.health.pause(id_, "it is known", actor=ACTOR)
    await watch.sweep(3)
    seen = await watch.view(id_)
    assert (seen.row.state, seen.standing.pause_reason) == (HealthState.UNKNOWN, "it is known")
    assert len(await watch.incidents()) == 1
