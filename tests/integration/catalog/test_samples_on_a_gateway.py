"""The sample agents on a real gateway: what the catalog says about them is what the gateway finds."""

import asyncio

import pytest

from nexdeck.models.agent import AgentVersion
from nexdeck.services.catalog.sources.declarative import read_declarative
from nexdeck.services.catalog.sources.yaml_text import read_yaml
from tests.fake_llm import fake_model
from tests.gateway_process import GatewayProcess, gateway_process
from tests.unit.catalog.catalogs import EXAMPLE_FILES, new_catalog, with_examples

NEEDS_A_KEY = "support_reply.yaml"
ASKING = """\
name: asking
instructions: Answer.
inputs:
  - {name: question, description: "}{ \\" '"}
  - {name: class, enum: [a, b], default: b}
outputs:
  - {name: answer}
  - {name: credential, required: false}
  - {name: confidence, type: number}
provider: PROVIDER
model: m-1
base_url: URL/v1
api_key_secret: MODEL_KEY
"""


@pytest.fixture(scope="module")
def versions(tmp_path_factory) -> dict[str, AgentVersion]:
    return asyncio.run(with_examples(new_catalog(tmp_path_factory.mktemp("catalog"))))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with gateway_process(tmp_path_factory.mktemp("gateway"), "--llm-allowed-hosts", "127.0.0.1") as process:
        yield process


def deploy(gateway: GatewayProcess, name: str, version: AgentVersion) -> None:
    gateway.deploy(
        name,
        version.module,
        kind=version.kind,
        input_schema=version.input_schema,
        output_schema=version.output_schema,
    )


@pytest.mark.parametrize("filename", [name for name in EXAMPLE_FILES if name != NEEDS_A_KEY])
def test_a_sample_agent_answers_its_sample(filename, versions, gateway):
    version = versions[filename]
    name = filename.partition(".")[0].replace("_", "-")
    deploy(gateway, name, version)
    output = gateway.output(name, **version.sample)
    assert set(version.output_schema["required"]) <= output.keys()
    assert gateway.call(name, {"unheard_of": 1}).status_code == 422


def test_an_orchestration_logs_its_steps(versions, gateway):
    deploy(gateway, "triage", versions["incident_triage.yaml"])
    output = gateway.output("triage", log="ERROR card declined\n")
    assert (output["team"], output["headline"]) == ("billing", "1 × ERROR: card declined")
    steps = [message.partition(" took")[0] for message in gateway.messages("triage") if message.startswith("step ")]
    assert steps == ["step summary (log-summary@1.0.0)", "step route (ticket-router@1.0.0)"]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_declarative_agent_asks_its_model_with_its_key(provider, gateway):
    with fake_model() as url:
        source = ASKING.replace("PROVIDER", provider).replace("URL", url)
        draft = read_declarative("asking.yaml", source, read_yaml(source))
        gateway.deploy(
            f"asking-{provider}",
            draft.module,
            kind=draft.kind,
            input_schema=draft.input_schema,
            output_schema=draft.output_schema,
            environment={"MODEL_KEY": f"key-of-{provider}"},
        )
        output = gateway.output(f"asking-{provider}", question="What is up?")
        assert "What is up?" in output["answer"] and "class: b" in output["answer"]
        assert output["credential"] == f"key-of-{provider}"
        assert output["confidence"] == 0.5
        failed = gateway.call(f"asking-{provider}", {"question": "BOOM"})
        assert failed.status_code == 502
