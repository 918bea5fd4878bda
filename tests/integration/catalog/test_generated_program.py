"""A downloaded module runs by itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nexdeck.services.catalog.sources.declarative import read_declarative
from nexdeck.services.catalog.sources.yaml_text import read_yaml
from tests.fake_llm import fake_model
from tests.unit.catalog.catalogs import new_catalog, with_examples

SOURCE = """\
name: qa-helper
instructions: |
  Answer the question.
  Be "brief" and {honest}.
inputs:
  - {name: question, description: What to answer}
  - {name: style, default: plain}
outputs:
  - {name: answer, description: The answer}
  - {name: credential}
  - {name: model}
  - {name: confidence, type: number}
  - {name: note, required: false}
  - {name: mood, enum: [calm, tense], default: calm}
provider: offline
"""
# By itself Kaizen refuses model servers on loopback addresses. A gateway allows them by a setting; here the check is
# taken away, so that everything else of the program is the real one.
WITH_LOOPBACK = """\
import runpy, sys
from kaizen.llm.http_client import SafeDnsResolver
SafeDnsResolver.check_host = lambda self, host: None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def written(folder: Path, source: str) -> Path:
    path = folder / "agent.py"
    path.write_text(read_declarative("qa.yaml", source, read_yaml(source)).module, encoding="utf-8")
    return path


def run(*arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "", "PYTHONUTF8": "1"} | ({"OPENAI_API_KEY": key} if key else {})
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=120)


def test_an_offline_agent_answers_and_says_that_it_is_offline(tmp_path):
    done = run(str(written(tmp_path, SOURCE)), '{"question": "Wie heißt du?"}')
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert list(answer) == ["answer", "credential", "model", "confidence", "note", "mood"]
    assert answer["answer"].startswith("[offline, no model was asked] The answer")
    assert "Wie heißt du?" in answer["answer"]
    assert 0 <= answer["confidence"] < 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the argument must be one JSON object"),
        (["{"], "the argument is not JSON"),
        (['["x"]'], "the argument must be one JSON object"),
        (['{"question": 5, "qestion": "x"}'], "qestion is not an input; the inputs are question, style"),
        (['{"style": "plain"}'], "question is missing"),
    ],
)
def test_a_wrong_argument_is_explained(tmp_path, arguments, words):
    done = run(str(written(tmp_path, SOURCE)), *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert 'agent.py \'{"question": "Hello from Nexdeck"}\'' in done.stderr
    assert done.stdout == ""


@pytest.fixture(scope="module")
def model_server():
    with fake_model() as url:
        yield url.replace("127.0.0.1", "localhost")  # the one loopback name that Kaizen takes in a base_url


@pytest.fixture
def asking(tmp_path, model_server):
    """An agent that asks the model server, run with a question and a key."""
    source = SOURCE.replace("provider: offline", f"provider: openai\nmodel: m-1\nbase_url: {model_server}/v1")
    path = written(tmp_path, source)
    return lambda question, key: run("-c", WITH_LOOPBACK, str(path), json.dumps({"question": question}), key=key)


def test_an_agent_asks_its_model_with_its_key(asking):
    done = asking("What is up?", "key-1")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "What is up?" in answer.pop("answer")
    assert answer == {"credential": "key-1", "model": "m-1", "confidence": 0.5, "note": None, "mood": "calm"}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("MISSING", "Missing required field: answer"),
        ("TEXT", "confidence: Expected float"),
        ("BOOM", "the model broke"),
    ],
)
def test_a_model_that_fails_is_no_answer(asking, question, words):
    done = asking(question, "key-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "The model gave no usable answer: " in done.stderr
    assert words in done.stderr


async def test_an_orchestration_runs_by_itself_and_shows_its_steps(tmp_path):
    versions = await with_examples(new_catalog(tmp_path))
    path = tmp_path / "incident.py"
    path.write_text(versions["incident_triage.yaml"].module, encoding="utf-8")
    done = run(str(path), '{"log": "ERROR card declined"}')
    assert json.loads(done.stdout)["team"] == "billing"
    assert "step summary (log-summary@1.0.0) took" in done.stderr
    assert run(str(path), '{"top": 1}').returncode == 2
