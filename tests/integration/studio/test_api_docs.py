"""The OpenAPI document of a deployment is true: schemathesis finds no mismatch between it and the live gateway."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.integration.studio.test_lifecycle import deploy
from tests.programs import Studio

SECONDS = 10
TYPED = '''"""Takes an input of every type."""

from dataclasses import dataclass
from typing import Literal, TypedDict

__version__ = "1.0.0"
SAMPLE = {"text": "hello", "tone": "calm", "place": {"city": "Bern", "zip": 3000}}


class Place(TypedDict):
    city: str
    zip: int


@dataclass
class Answer:
    text: str
    tone: Literal["calm", "loud"]
    places: list[str]
    score: float | None = None


def typed(
    text: str,
    tone: Literal["calm", "loud"],
    place: Place,
    more: list[Place] | None = None,
    weight: float = 1.5,
    count: int = None,
    pair: tuple[int, str] = (1, "a"),
    labels: dict[str, bool] | None = None,
) -> Answer:
    """Says what it was given.

    Args:
        text: what to say
        tone: how to say it
    """
    return Answer(text, tone, [each["city"] for each in [place, *(more or [])]], weight)
'''


@pytest.fixture(scope="module")
def typed(studio: Studio) -> str:
    body = {"filename": "typed.py", "source": TYPED}
    assert studio.http.post("/api/v1/agents", json=body).status_code == 201
    return "typed"


def document_of(studio: Studio, name: str) -> dict:
    document = studio.http.get(f"/api/v1/deployments/{name}/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    return document


@pytest.mark.parametrize("require_key", [False, True], ids=["open", "with a key"])
def test_the_live_gateway_is_as_the_document_says(
    studio: Studio, typed: str, tmp_path: Path, require_key: bool
) -> None:
    name = f"typed-{require_key}".lower()
    done = deploy(studio, typed, name, require_key=require_key)
    assert done["operation"]["status"] == "succeeded", done["operation"]
    document = document_of(studio, name)
    headers = ("--header", f"Authorization: Bearer {done['key']}") if require_key else ()
    command = [
        *(str(Path(sys.executable).with_name("st")), "run", f"{studio.url}/api/v1/deployments/{name}/openapi.json"),
        *("--url", document["servers"][0]["url"], "--phases", "examples,coverage,fuzzing"),
        *("--max-time", str(SECONDS), "--max-examples", "60", "--warnings", "off", "--no-color"),
        *("--generation-database", "none", "--request-timeout", "30", *headers),
    ]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-2000:]


def test_the_example_is_answered_in_the_documents_shape(studio: Studio, typed: str) -> None:
    deploy(studio, typed, "exemplary")
    document = document_of(studio, "exemplary")
    ((path, operations),) = document["paths"].items()
    example = operations["post"]["requestBody"]["content"]["application/json"]["example"]
    answer = httpx.post(document["servers"][0]["url"] + path, json=example, trust_env=False, timeout=30)
    documented = operations["post"]["responses"]["200"]["content"]["application/json"]["example"]
    assert answer.status_code == 200
    assert answer.json().keys() == documented.keys()
    assert answer.json()["outputs"]["agent"]["result"]["places"] == ["Bern"]


def test_while_a_revision_fails_the_document_stays_with_what_is_live(studio: Studio, typed: str) -> None:
    deploy(studio, typed, "steady")
    before = document_of(studio, "steady")
    broken = 'SAMPLE = {}\n__version__ = "2.0.0"\n\n\ndef typed() -> dict:\n    raise ValueError\n'
    body = {"filename": "typed.py", "source": broken}
    studio.http.post(f"/api/v1/agents/{typed}/versions", json=body).raise_for_status()
    studio.http.post("/api/v1/deployments/steady/redeploy", params={"wait": 60}, json={"version": "2.0.0"})
    assert document_of(studio, "steady") == before


def test_an_unknown_deployment_has_no_document(studio: Studio) -> None:
    assert studio.http.get("/api/v1/deployments/nobody/openapi.json").status_code == 404
