"""Kaizen agents in a shared process: each with its own key and address, many at a time, and honest failures."""

import asyncio

import httpx
import pytest

from nexdeck.services.catalog.sources.reader import read_source
from tests.gateway_process import bundle

MODULE = '''
import os
from kaizen.core.base_agent import BaseAgent
from kaizen.core.config import BaseAgentConfig
from kaizen.signatures import InputField, OutputField, Signature

class AskSignature(Signature):
    """Answer the question."""
    question: str = InputField(desc="Question")
    answer: str = OutputField(desc="Answer")
    credential: str = OutputField(desc="What the provider saw")
    confidence: float = OutputField(desc="0 to 1")

class AskAgent(BaseAgent):
    def __init__(self):
        config = BaseAgentConfig(
            llm_provider={provider!r}, model="fake-model", api_key=os.environ.get("MODEL_KEY"), base_url={url!r},
            {extra}
        )
        super().__init__(config=config, signature=AskSignature(), mcp_servers=[])

agent = AskAgent
'''


def module(url: str, provider: str = "openai", extra: str = "use_async_llm=True,") -> str:
    return MODULE.format(url=url, provider=provider, extra=extra)


def ask(gateway, name: str, question: str) -> httpx.Response:
    return gateway.call(name, {"question": question})


async def test_concurrent_agents_keep_their_own_credentials(gateway, model):
    """Stock Kaizen clears every agent's credentials after each run: most of these calls would fail."""
    for number in range(4):
        gateway.deploy(f"race-{number}", module(model), environment={"MODEL_KEY": f"key-{number}"})

    async def call(http: httpx.AsyncClient, number: int) -> tuple[str, str]:
        body = {"inputs": {"question": f"question {number}"}}
        answer = await http.post(f"/workflows/race-{number % 4}/execute", json=body)
        assert answer.status_code == 200, answer.text
        output = answer.json()["outputs"]["agent"]["result"]
        return output["credential"], output["answer"]

    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=60, trust_env=False, limits=limits) as http:
        answers = await asyncio.gather(*(call(http, number) for number in range(200)))
    for number, (credential, answer) in enumerate(answers):
        assert credential == f"key-{number % 4}"
        assert f"question {number}" in answer


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_each_provider_is_spoken_to(gateway, model, provider):
    gateway.deploy(f"by-{provider}", module(model, provider), environment={"MODEL_KEY": "secret-key-1"})
    answer = ask(gateway, f"by-{provider}", "hello")
    assert answer.status_code == 200, answer.text
    output = answer.json()["outputs"]["agent"]["result"]
    assert "hello" in output["answer"]
    assert output["confidence"] == 0.5


def test_an_agent_that_forgot_to_be_asynchronous_works(gateway, model):
    gateway.deploy("forgot", module(model, extra=""), environment={"MODEL_KEY": "k"})
    assert ask(gateway, "forgot", "hello").status_code == 200


def test_answers_get_their_declared_types(gateway, model):
    gateway.deploy("typed", module(model), environment={"MODEL_KEY": "k"})
    assert ask(gateway, "typed", "TEXT").json()["outputs"]["agent"]["result"]["confidence"] == 0.5


@pytest.mark.parametrize(
    ("question", "cause"),
    [("BOOM", "the model broke"), ("PROSE", "no field 'answer'"), ("MISSING", "no field 'answer'")],
)
def test_a_failing_model_is_a_bad_gateway_with_its_cause(gateway, model, question, cause):
    gateway.deploy("failing-model", module(model), environment={"MODEL_KEY": "k"})
    answer = ask(gateway, "failing-model", question)
    assert (answer.status_code, answer.json()["code"]) == (502, "model_failed")
    assert cause in answer.json()["detail"]


def test_a_field_that_may_be_none_may_be_left_out(gateway, model):
    lenient = (
        module(model)
        .replace("answer: str", "answer: Optional[str]")
        .replace("confidence: float", "confidence: Optional[float]")
        .replace("credential: str", "credential: Optional[str]")
    )
    source = f"from typing import Optional\n{lenient}"
    gateway.deploy("lenient", source, environment={"MODEL_KEY": "k"})
    answer = ask(gateway, "lenient", "MISSING")
    assert answer.status_code == 200, answer.text
    assert answer.json()["outputs"]["agent"]["result"] == {"answer": None, "credential": None, "confidence": None}


def test_a_refused_key_is_told_and_not_shown(gateway, model):
    gateway.deploy("wrong-key", module(model), environment={"MODEL_KEY": "wrong"})
    answer = ask(gateway, "wrong-key", "hello")
    assert answer.status_code == 502
    assert "401" in answer.json()["detail"]


def test_a_missing_key_is_not_configured(gateway, model):
    gateway.deploy("no-key", module(model))
    answer = ask(gateway, "no-key", "hello")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_configured")
    assert "key" in answer.json()["detail"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "http://localhost:9", "http://10.1.2.3:80", "file:///etc/passwd"]
)
def test_private_model_hosts_that_are_not_listed_are_refused(gateway, url):
    gateway.deploy("outside", module(url), environment={"MODEL_KEY": "k"})
    answer = ask(gateway, "outside", "hello")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_configured")
    assert "refused" in answer.json()["detail"]
    gateway.undeploy("outside")


def test_a_module_that_calls_its_agent_from_a_thread_works(gateway, model):
    called = module(model).replace(
        "agent = AskAgent", "_asker = AskAgent()\ndef agent(question: str):\n    return _asker.run(question=question)"
    )
    gateway.deploy("threaded", called, environment={"MODEL_KEY": "k"})
    assert "hello" in gateway.output("threaded", question="hello")["answer"]


def test_a_failure_that_kaizen_returns_as_a_dict_is_no_success(gateway):
    source = "async def agent():\n    return {'success': False, 'error': 'it went wrong'}\n"
    gateway.deploy("dict-failure", source)
    answer = gateway.call("dict-failure", {})
    assert (answer.status_code, answer.json()["code"]) == (500, "agent_failed")
    assert "it went wrong" in answer.json()["detail"]


def test_bundles_of_kaizen_agents_are_rejected_when_they_cannot_be_built(gateway):
    source = (
        "from kaizen.core.base_agent import BaseAgent\n\n"
        "class Needs(BaseAgent):\n    def __init__(self, x):\n        pass\n"
    )
    answer = gateway.load("id-needs", bundle("needs", source))
    assert (answer.status_code, answer.json()["code"]) == (422, "artifact_rejected")


DECLARATIVE = """
name: declared
version: 1.0.0
description: Answers.
instructions: Answer the question in {{tone}} words; "quotes" and ${{dollars}} stay.
inputs:
  - name: question
  - name: tone
    required: false
    default: plain
outputs:
  - name: answer
  - name: confidence
    type: number
provider: {provider}
model: fake-model
base_url: {url}
api_key_secret: MODEL_KEY
sample: {{question: hello}}
"""


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_a_declarative_agent_of_the_catalog(gateway, model, provider):
    source = DECLARATIVE.format(provider=provider, url=model)
    if provider == "ollama":  # it takes no key
        source = source.replace("api_key_secret: MODEL_KEY\n", "")
    draft = read_source("declared.yaml", source, lambda agent, version: None)
    schemas = {"input_schema": draft.input_schema, "output_schema": draft.output_schema, "kind": draft.kind}
    name = f"declared-{provider}"
    gateway.deploy(name, draft.module, environment={"MODEL_KEY": "key-of-it"}, **schemas)
    output = gateway.output(name, **draft.sample)
    assert "hello" in output["answer"] and "plain" in output["answer"]
    assert output["confidence"] == 0.5
    failed = ask(gateway, name, "BOOM")
    assert (failed.status_code, failed.json()["code"]) == (502, "model_failed")
    assert "the model broke" in failed.json()["detail"]
    assert ask(gateway, name, "PROSE").json()["code"] == "model_failed"


def test_tokens_and_their_price_are_counted_for_the_deployment(gateway, model):
    gateway.deploy("priced", module(model), environment={"MODEL_KEY": "key"})
    for _ in range(2):
        assert ask(gateway, "priced", "how much?").status_code == 200
    id_ = gateway.deployment("priced")["deployment_id"]
    revisions = gateway.control.get("/control/v1/counters").json()["revisions"]
    [counted] = next(of["channels"] for of in revisions if of["deployment_id"] == id_)
    assert (counted["tokens_in"], counted["tokens_out"]) == (14, 10)
    assert counted["cost"] == pytest.approx(2 * (7 * 100 + 5 * 1000) / 1_000_000)
