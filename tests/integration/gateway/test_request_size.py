"""A deployment's limit on the size of requests holds on each channel, and says so in its own words."""

import json
from collections.abc import Iterator

import pytest

from tests.gateway_process import GatewayProcess
from tests.integration.gateway import test_mcp
from tests.integration.gateway.test_a2a import SHOUT, TEXT_IN, rpc

SMALL, LARGE = "a" * 600, "a" * 1100
WORDS = "The body is larger than 1 kB."
NAME = "small-only"


@pytest.fixture
def small(gateway: GatewayProcess) -> GatewayProcess:
    gateway.deploy(NAME, SHOUT, input_schema=TEXT_IN, limits={"max_request_kb": 1})
    return gateway


@pytest.mark.parametrize("channel", ["api", "cli"])
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_by_rest(small: GatewayProcess, channel: str, accept: str) -> None:
    headers = {"X-Nexdeck-Channel": channel, "Accept": accept}
    path = f"/workflows/{NAME}/execute"
    answer = small.http.post(path, json={"inputs": {"text": SMALL}}, headers=headers)
    assert answer.status_code == 200
    assert SMALL.upper() in answer.text
    refused = small.http.post(path, json={"inputs": {"text": LARGE}}, headers=headers)
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["detail"]) == (413, "too_large", WORDS)


def test_a_body_of_unannounced_length(small: GatewayProcess) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"a" * 400 for _ in range(3))

    refused = small.http.post(f"/workflows/{NAME}/execute", content=chunks())
    assert (refused.status_code, refused.json()["detail"]) == (413, WORDS)


@pytest.mark.parametrize("path", ["/mcp", f"/mcp/{NAME}"])
async def test_by_mcp(small: GatewayProcess, path: str) -> None:
    async with test_mcp.connected(small, path) as client:
        result = await client.session.call_tool(NAME, {"text": SMALL})
        assert result.structuredContent == {"loud": SMALL.upper()}
        refused = await client.session.call_tool(NAME, {"text": LARGE})
        problem = json.loads(refused.content[0].text)
        assert refused.isError
        assert (problem["status"], problem["code"], problem["detail"]) == (413, "too_large", WORDS)


@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
def test_by_a2a(small: GatewayProcess, method: str) -> None:
    answers = [
        rpc(small, NAME, method, message={"messageId": "1", "role": "ROLE_USER", "parts": [{"text": text}]})
        for text in (SMALL, LARGE)
    ]
    assert [answer.status_code for answer in answers] == [200, 413]
    assert SMALL.upper() in answers[0].text
    problem = answers[1].json()["error"]["data"][0]
    assert (problem["code"], problem["detail"]) == ("too_large", WORDS)


def test_without_a_limit_of_its_own_the_gateways_holds(gateway: GatewayProcess) -> None:
    gateway.deploy("any-size", SHOUT, input_schema=TEXT_IN)
    assert gateway.call("any-size", {"text": "a" * 2_000_000}).status_code == 200
