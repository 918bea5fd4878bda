"""A deployment's limits hold on each channel, and each says so in its own way."""

import json
import threading

import httpx
import pytest
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client

from tests.gateway_process import wait_for
from tests.integration.studio.test_lifecycle import deploy
from tests.programs import Studio

SLEEPER = '''"""Sleeps."""

import asyncio

SAMPLE = {"seconds": 0}


async def sleeper(seconds: float) -> dict:
    await asyncio.sleep(seconds)
    return {"slept": seconds}
'''


@pytest.fixture(scope="module", autouse=True)
def sleeper(studio: Studio) -> None:
    studio.http.post("/api/v1/agents", json={"filename": "sleeper.py", "source": SLEEPER}).raise_for_status()


def by_api(row: dict, seconds: float) -> httpx.Response:
    body = {"inputs": {"seconds": seconds}}
    return httpx.post(row["api_endpoint"], json=body, trust_env=False, timeout=60)


async def by_mcp(row: dict, seconds: float) -> types.CallToolResult:
    async with (
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
        streamable_http_client(row["mcp_endpoint"], http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        return await session.call_tool(row["name"], {"seconds": seconds})


async def refusals(studio: Studio, row: dict, seconds: float) -> tuple[httpx.Response, types.CallToolResult, dict, str]:
    """What the API, MCP and the command line (its problem, and its words) say of one call each."""
    answer, result = by_api(row, seconds), await by_mcp(row, seconds)
    as_json = studio.cli("run", row["name"], f"seconds={seconds}", "--json")
    in_words = studio.cli("run", row["name"], f"seconds={seconds}")
    problem = json.loads(as_json.stderr) | {"exit_code": as_json.returncode}
    assert json.loads(result.content[0].text)["code"] == answer.json()["code"] == problem["code"]
    return answer, result, problem, in_words.stderr


async def test_the_rate(studio: Studio) -> None:
    row = deploy(studio, "sleeper", "rated", limits={"rate_limit_per_minute": 1})["deployment"]
    while by_api(row, 0).status_code == 200:
        pass
    answer, result, problem, words = await refusals(studio, row, 0)
    assert (answer.status_code, answer.json()["code"], problem["exit_code"]) == (429, "rate_limited", 8)
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert result.meta["nexdeck/retry-after"] <= 60
    assert "hint: Try again in " in words


async def test_the_concurrency(studio: Studio) -> None:
    row = deploy(studio, "sleeper", "narrow", limits={"max_concurrency": 1, "timeout_seconds": 30})["deployment"]
    threading.Thread(target=by_api, args=(row, 20), daemon=True).start()
    wait_for(lambda: by_api(row, 0).status_code == 503)
    answer, result, problem, words = await refusals(studio, row, 0)
    assert (answer.status_code, answer.json()["code"], problem["exit_code"]) == (503, "too_many_calls", 8)
    assert (answer.headers["retry-after"], result.meta["nexdeck/retry-after"]) == ("1", 1)
    assert "hint: Try again in 1 s." in words


async def test_the_timeout(studio: Studio) -> None:
    row = deploy(studio, "sleeper", "timed", limits={"timeout_seconds": 0.2})["deployment"]
    answer, result, problem, _ = await refusals(studio, row, 60)
    assert (answer.status_code, answer.json()["code"], problem["exit_code"]) == (504, "timeout", 7)
    assert result.isError
    assert "0.2 s" in answer.json()["detail"]


def test_the_size_of_a_request(studio: Studio) -> None:
    row = deploy(studio, "sleeper", "sized", limits={"max_request_kb": 1})["deployment"]
    assert "max_request_kb: 1" in studio.cli("export").stdout
    assert by_api(row, 0).status_code == 200
    large = {"inputs": {"seconds": 0, "more": "a" * 1100}}
    refused = httpx.post(row["api_endpoint"], json=large, trust_env=False)
    assert (refused.status_code, refused.json()["detail"]) == (413, "The body is larger than 1 kB.")
    by_cli = studio.cli("run", row["name"], "--input", "-", "--json", stdin=json.dumps(large["inputs"]))
    assert json.loads(by_cli.stderr)["detail"] == "The body is larger than 1 kB."
