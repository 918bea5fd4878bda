"""The A2A channel by the official client: cards that are true, messages in and out, streams, keys and limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientError
from a2a.types import AgentCard, GetTaskRequest, Message, Part, Role, SendMessageRequest, StreamResponse
from a2a.utils.errors import InternalError, InvalidParamsError, TaskNotFoundError
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value

from nexdeck.models.manifest import key_hash
from tests.gateway_process import TOKEN
from tests.integration.gateway.test_mcp import DOUBLE, SCHEMAS
from tests.integration.gateway.test_streams import STEPS, WORDS

SHOUT = "def agent(text: str):\n    return {'loud': text.upper()}\n"
TEXT_IN = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


@asynccontextmanager
async def connected(gateway, name: str, key: str = "") -> AsyncIterator[tuple[AgentCard, Client]]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
        card = await A2ACardResolver(http, f"{gateway.url}/a2a/{name}").get_agent_card()
        yield card, ClientFactory(ClientConfig(httpx_client=http, streaming=True)).create(card)


def request(text: str = "", **data) -> SendMessageRequest:
    part = Part(text=text)
    if data:
        fields = Struct()
        fields.update(data)
        part = Part(data=Value(struct_value=fields))
    return SendMessageRequest(message=Message(message_id="m1", role=Role.ROLE_USER, parts=[part]))


async def answers(client: Client, wanted: SendMessageRequest) -> list[StreamResponse]:
    return [each async for each in client.send_message(wanted)]


def parts_of(message: Message) -> list:
    return [json_format.MessageToDict(part) for part in message.parts]


async def test_a_card_leads_to_an_agent_that_answers(gateway):
    gateway.deploy("a2a-double", DOUBLE, **SCHEMAS)
    async with connected(gateway, "a2a-double") as (card, client):
        assert (card.name, card.description, card.version) == ("a2a-double", "Doubles a number.", "1.0.1")
        assert card.supported_interfaces[0].url == f"{gateway.url}/a2a/a2a-double"
        assert not card.capabilities.streaming and not card.security_schemes
        (answer,) = await answers(client, request(number=21))
        assert answer.message.role == Role.ROLE_AGENT
        assert parts_of(answer.message) == [{"data": {"doubled": 42}, "mediaType": "application/json"}]
        with pytest.raises(InvalidParamsError, match=r"inputs\.number"):
            await answers(client, request(number="x"))
    listed = gateway.http.get("/a2a").json()["agents"]
    assert {"name": "a2a-double", "url": f"{gateway.url}/a2a/a2a-double"}.items() <= next(
        each for each in listed if each["name"] == "a2a-double"
    ).items()


async def test_a_text_is_the_agents_one_text_input_or_json(gateway):
    gateway.deploy("a2a-shout", SHOUT, input_schema=TEXT_IN)
    gateway.deploy("a2a-double", DOUBLE, **SCHEMAS)
    async with connected(gateway, "a2a-shout") as (_, client):
        for text in ("hey", '{"text": "hey"}'):
            (answer,) = await answers(client, request(text))
            assert parts_of(answer.message)[0] == {"text": "HEY"}
    async with connected(gateway, "a2a-double") as (_, client):
        (answer,) = await answers(client, request('{"number": 4}'))
        assert parts_of(answer.message)[0]["data"] == {"doubled": 8}
        with pytest.raises(InvalidParamsError, match="send `data` with number"):
            await answers(client, request("four"))


async def test_a_streamed_answer_is_a_task_with_a_growing_artifact(gateway):
    gateway.deploy("a2a-words", WORDS)
    async with connected(gateway, "a2a-words") as (card, client):
        assert card.capabilities.streaming
        first, *updates, last = await answers(client, request(n=2))
        assert first.HasField("task")
        assert [update.artifact_update.artifact.parts[0].text for update in updates] == ["word 0. ", "word 1. "]
        assert [update.artifact_update.append for update in updates] == [False, True]
        status = last.status_update.status
        assert json_format.MessageToDict(status)["state"] == "TASK_STATE_COMPLETED"
        assert status.message.parts[0].text == "word 0. word 1. "
        assert {first.task.id} == {update.artifact_update.task_id for update in updates}
    gateway.deploy("a2a-steps", STEPS)
    async with connected(gateway, "a2a-steps") as (_, client):
        *_, last = await answers(client, request(fail_at=1))
        told = json_format.MessageToDict(last.status_update.status)
        assert (told["state"], told["message"]["parts"][0]["text"]) == ("TASK_STATE_FAILED", "ValueError: no more")


async def test_a_protected_agent_has_a_card_without_secrets_and_wants_a_key(gateway):
    gateway.deploy("a2a-locked", DOUBLE, require_key=True, key_hashes=[key_hash("k")], **SCHEMAS)
    card = gateway.http.get("/a2a/a2a-locked/.well-known/agent-card.json")
    assert (card.status_code, card.json()["securityRequirements"]) == (200, [{"schemes": {"key": {"list": []}}}])
    assert "number" not in card.text.replace("Doubles a number", "")
    async with connected(gateway, "a2a-locked", "wrong") as (_, stranger):
        with pytest.raises(A2AClientError, match="401"):
            await answers(stranger, request(number=1))
    for key in ("k", TOKEN):
        async with connected(gateway, "a2a-locked", key) as (_, client):
            assert parts_of((await answers(client, request(number=1)))[0].message)[0]["data"] == {"doubled": 2}
    assert "a2a-locked" not in gateway.http.get("/a2a").text
    assert "a2a-locked" in gateway.http.get("/a2a", headers={"Authorization": "Bearer k"}).text
    assert gateway.deployment("a2a-locked")["key_uses"][key_hash("k")]["calls"] == 1


def rpc(gateway, name: str, method: str, **params) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    return gateway.http.post(f"/a2a/{name}", json=body)


def test_limits_hold_and_say_when_to_come_back(gateway):
    gateway.deploy("a2a-limited", SHOUT, input_schema=TEXT_IN, limits={"rate_limit_per_minute": 1})
    message = {"messageId": "1", "role": "ROLE_USER", "parts": [{"text": "a"}]}
    for method in ("SendMessage", "SendStreamingMessage"):
        refused = [rpc(gateway, "a2a-limited", method, message=message) for _ in range(2)][-1]
        assert (refused.status_code, refused.json()["error"]["data"][0]["code"]) == (429, "rate_limited")
        assert int(refused.headers["retry-after"]) > 30
    gateway.deploy(
        "a2a-late", "import asyncio\nasync def agent():\n    await asyncio.sleep(9)\n", limits={"timeout_seconds": 0.2}
    )
    late = rpc(gateway, "a2a-late", "SendMessage", message={"parts": [{"data": {}}]})
    assert (late.status_code, late.json()["id"]) == (504, 7)


async def test_what_is_not_there_is_said_in_the_protocols_words(gateway):
    gateway.deploy("a2a-shout", SHOUT, input_schema=TEXT_IN)
    async with connected(gateway, "a2a-shout") as (_, client):
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id="x"))
    for body, code in ((b"{", -32700), (b"[]", -32600), (b'{"method":"message/send","params":{}}', -32601)):
        assert gateway.http.post("/a2a/a2a-shout", content=body).json()["error"]["code"] == code
    for parts in ([], [{"url": "http://127.0.0.1/x"}], "x", [{"data": 1}]):
        assert rpc(gateway, "a2a-shout", "SendMessage", message={"parts": parts}).json()["error"]["code"] == -32602
    gateway.deploy("a2a-off", SHOUT, channels=["mcp"])
    assert gateway.http.get("/a2a/a2a-off/.well-known/agent-card.json").json()["code"] == "channel_disabled"
    assert "a2a-off" not in gateway.http.get("/a2a").text
    assert gateway.http.get("/a2a/nobody/.well-known/agent-card.json").status_code == 404
    assert gateway.http.get("/a2a/a2a-shout").status_code == 404
    gateway.deploy("a2a-fails", "def agent(a: int):\n    raise ValueError('no')\n")
    async with connected(gateway, "a2a-fails") as (_, client):
        with pytest.raises(InternalError, match="ValueError: no"):
            await answers(client, request(a=1))
