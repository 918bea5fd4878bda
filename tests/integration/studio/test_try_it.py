"""What “Try it” shows is what the gateway answered, on both channels, with the caller's own key and no other."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from nexdeck.models.choices import Channel
from nexdeck.models.manifest import Limits
from nexdeck.models.trust import Trust
from nexdeck.services.calls.try_it import TryResult, try_call
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.errors import GatewayUnreachable, InvalidInput
from nexdeck.services.gateways.connections import GatewayConnections
from tests.gateway_process import wait_for
from tests.integration.studio.test_lifecycle import deploy
from tests.programs import Studio, free_port


@pytest.fixture
async def connections() -> AsyncIterator[GatewayConnections]:
    made = GatewayConnections()
    yield made
    await made.close()


def interface_of(row: dict, **changes) -> CallerInterface:
    values = {name: row[name] for name in ("name", "agent", "version", "cli_command", "input_schema", "output_schema")}
    return CallerInterface(
        **values,
        description="",
        gateway_url=changes.get("gateway_url", row["api_endpoint"].split("/workflows/")[0]),
        api_url=row["api_endpoint"],
        mcp_url=row["mcp_endpoint"],
        channels=tuple(Channel),
        require_key=row["options"]["require_key"],
        limits=Limits(**changes.get("limits", row["options"]["limits"])),
        sample=row["sample"],
        trust=changes.get("trust", Trust()),
    )


@pytest.fixture(scope="module")
def kept(studio: Studio, echo: str) -> tuple[CallerInterface, str]:
    """A deployment that wants a key, and a key of it."""
    done = deploy(studio, echo, "tried", require_key=True)
    return interface_of(done["deployment"]), done["key"]


def output_of(trial: TryResult) -> dict:
    answer = json.loads(trial.body)
    if trial.channel is Channel.MCP:
        return answer["result"]["structuredContent"]
    return answer["outputs"]["agent"]["result"]


@pytest.mark.parametrize("channel", [Channel.API, Channel.MCP])
async def test_it_shows_the_answer(kept, connections: GatewayConnections, channel: Channel) -> None:
    interface, key = kept
    trial = await try_call(connections, interface, {"text": "ab", "times": 2}, channel=channel, key=key)
    assert (trial.status, trial.channel, trial.is_tool_error) == (200, channel, False)
    assert output_of(trial)["text"] == "abab"
    assert trial.milliseconds > 0
    assert trial.headers["content-type"] == "application/json"
    assert key not in repr(trial)


@pytest.mark.parametrize("channel", [Channel.API, Channel.MCP])
@pytest.mark.parametrize("key", ["", "wrong"])
async def test_without_the_right_key_it_is_refused(
    kept, connections: GatewayConnections, channel: Channel, key: str
) -> None:
    trial = await try_call(connections, kept[0], {"text": "x"}, channel=channel, key=key)
    assert (trial.status, json.loads(trial.body)["code"]) == (401, "unauthorized")


async def test_a_key_that_is_none_is_told_before_anything_is_sent(kept, connections: GatewayConnections) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await try_call(connections, kept[0], {}, key="a\r\nX-Evil: 1")
    assert [fault.path for fault in refusal.value.errors] == ["key"]


async def test_wrong_inputs_and_failures_are_shown_as_they_are(
    studio: Studio, kept, connections: GatewayConnections
) -> None:
    interface, key = kept
    wrong = await try_call(connections, interface, {"text": 5}, key=key)
    assert (wrong.status, json.loads(wrong.body)["errors"][0]["path"]) == (422, "inputs.text")
    told = await try_call(connections, interface, {"text": 5}, channel=Channel.MCP, key=key)
    assert (told.status, told.is_tool_error) == (200, True)
    gone = interface_of({**deployed_of(studio, "tried"), "name": "nowhere"})
    assert (await try_call(connections, gone, {"text": "x"})).status == 404


async def test_a_gateway_that_is_not_there_is_an_error(studio: Studio, kept, connections: GatewayConnections) -> None:
    row = deployed_of(studio, "tried")
    with pytest.raises(GatewayUnreachable):
        await try_call(connections, interface_of(row, gateway_url=f"http://127.0.0.1:{free_port()}"), {})


def deployed_of(studio: Studio, name: str) -> dict:
    return studio.http.get(f"/api/v1/deployments/{name}").json()


STREAMER = '''"""Counts, slowly."""

import asyncio
from collections.abc import AsyncIterator

SAMPLE = {"upto": 2, "pause": 0}


async def streamer(upto: int, pause: float = 0.01) -> AsyncIterator[str]:
    try:
        for number in range(upto):
            yield f"ü{number} "
            await asyncio.sleep(pause)
        if upto == 13:
            raise ValueError("not thirteen")
    finally:
        print("closed")
'''


@pytest.fixture(scope="module")
def streaming(studio: Studio) -> CallerInterface:
    studio.http.post("/api/v1/agents", json={"filename": "streamer.py", "source": STREAMER}).raise_for_status()
    return interface_of(deploy(studio, "streamer", "streamer")["deployment"])


async def test_a_streamed_answer_is_told_piece_by_piece(streaming, connections: GatewayConnections) -> None:
    pieces: list[str] = []
    trial = await try_call(connections, streaming, {"upto": 3, "pause": 0.01}, on_chunk=pieces.append)
    assert pieces == ["ü0 ", "ü1 ", "ü2 "]
    assert (trial.events[-1].name, trial.events[-1].data["outputs"]["agent"]["result"]) == (
        "result",
        {"result": "".join(pieces)},
    )
    assert 0 < trial.first_piece_ms < trial.milliseconds
    failed = await try_call(connections, streaming, {"upto": 13, "pause": 0}, on_chunk=pieces.append)
    assert (failed.status, failed.events[-1].name, failed.events[-1].data["code"]) == (200, "error", "agent_failed")
    refused = await try_call(connections, streaming, {"upto": "x"}, on_chunk=pieces.append)
    assert (refused.status, refused.events, refused.first_piece_ms) == (422, [], None)
    whole = await try_call(connections, streaming, {"upto": 2, "pause": 0})
    assert json.loads(whole.body)["outputs"]["agent"]["result"] == {"result": "ü0 ü1 "}


async def test_a_try_that_is_cancelled_ends_the_agent(
    studio: Studio, streaming, connections: GatewayConnections
) -> None:
    begun = asyncio.Event()
    wish = try_call(connections, streaming, {"upto": 10**6, "pause": 0.01}, on_chunk=lambda _: begun.set())
    call = asyncio.create_task(wish)
    await asyncio.wait_for(begun.wait(), 30)
    call.cancel()
    await asyncio.wait([call])

    def cancelled() -> bool:
        found = studio.http.get("/api/v1/deployments/streamer/logs", params={"q": "499"}).json()["items"]
        return any("api 499" in line["message"] for line in found)

    await asyncio.to_thread(wait_for, cancelled)
