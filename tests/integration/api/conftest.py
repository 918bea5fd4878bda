"""Agents and deployments that the tests of the REST API and the command line start from."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

ECHO = '''\
"""Repeats a text."""

__version__ = "1.0.0"
SAMPLE = {"text": "hello", "times": 2}


async def agent(text: str, times: int = 1, loud: bool = False, tags: list[str] | None = None) -> dict:
    """Repeat a text.

    Args:
        text: what to repeat
        times: how often
        loud: in capitals
        tags: given back as they are
    """
    if text == "fail":
        raise RuntimeError("the agent was told to fail")
    said = " ".join([text] * times)
    return {"answer": said.upper() if loud else said, "tags": tags or []}
'''

Deploy = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def echo(studio) -> str:
    """The name of an agent in the catalog; its source is ``ECHO``."""
    with studio.rest() as client:
        answer = client.post("/agents", json={"filename": "rest_echo.py", "source": ECHO})
        assert answer.status_code == 201, answer.text
        return answer.json()["agent"]["name"]


@pytest.fixture
def deploy(rest: httpx.Client, echo: str) -> Iterator[Deploy]:
    """``deploy("a-name", require_key=True, …)`` deploys the echo agent and waits; it is undeployed at the end."""
    made: list[str] = []

    def make(name: str, **options: Any) -> dict[str, Any]:
        body = {"agent": echo, "name": name, "options": options}
        answer = rest.post("/deployments", params={"wait": 60}, json=body)
        assert answer.status_code == 202, answer.text
        change = answer.json()
        made.append(change["deployment"]["id"])
        return change

    yield make
    for each in made:
        rest.delete(f"/deployments/{each}", params={"wait": 60})
