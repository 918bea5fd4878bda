"""Fixtures of the tests that drive a whole Nexdeck over its REST API."""

from collections.abc import Iterator

import pytest

from tests.programs import Studio, studio_server

ECHO = '''"""Echo."""

__version__ = "{version}"
SAMPLE = {{"text": "hello"}}


def echo(text: str, times: int = 1) -> dict:
    """Give the text back, {version}."""
    return {{"text": text * times, "version": "{version}"}}
'''


def echo_source(version: str = "1.0.0") -> str:
    return ECHO.format(version=version)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with studio_server(tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture(scope="module")
def echo(studio: Studio) -> str:
    """The name of an agent in the catalog."""
    body = {"filename": "echo.py", "source": echo_source()}
    assert studio.http.post("/api/v1/agents", json=body).status_code == 201
    return "echo"
