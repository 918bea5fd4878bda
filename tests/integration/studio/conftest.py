"""Fixtures of the tests that drive a whole Nexdeck over its REST API."""

import pytest

from tests.programs import Studio

ECHO = '''"""Echo."""

__version__ = "{version}"
SAMPLE = {{"text": "hello"}}


def echo(text: str, times: int = 1) -> dict:
    """Give the text back, {version}."""
    return {{"text": text * times, "version": "{version}"}}
'''


def echo_source(version: str = "1.0.0") -> str:
    return ECHO.format(version=version)


@pytest.fixture(scope="session")
def echo(studio: Studio) -> str:
    """The name of an agent in the catalog."""
    body = {"filename": "echo.py", "source": echo_source()}
    assert studio.http.post("/api/v1/agents", json=body).status_code == 201
    return "echo"
