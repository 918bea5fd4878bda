"""The pages in NiceGUI's simulated browser, on a real Studio with a real SQLite file; no gateway runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from nicegui import app as nicegui_app
from nicegui.storage import Storage
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.pages.registry import register
from nexdeck.services.studio import Studio
from tests.actors import ACTOR

PATIENCE = 100  # tenths of a second; what is seen at once is not waited for
ABOUT = {"version": "1.2.3", "data_dir": "/somewhere", "database": "SQLite", "settings": []}
ECHO = '''"""Says it again."""

__version__ = "1.0.0"
SAMPLE = {"text": "hello"}


def echo(text: str) -> str:
    """Says <b>it</b> again."""
    return text
'''


@pytest.fixture
async def some_web_server() -> AsyncIterator[str]:
    """The address of something that is no gateway: it answers everything with 404."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def studio(tmp_path: Path, some_web_server: str) -> AsyncIterator[Studio]:
    studio = build_studio(Settings(data_dir=tmp_path / "data"))
    gateway = Gateway(
        name="local",
        kind=GatewayKind.LOCAL,
        url=some_web_server,
        encrypted_token=studio.secrets.encrypt("token"),
        created_by="test",
    )
    await studio.gateways.save_new(gateway)
    yield studio
    await studio.stop()


@pytest.fixture
async def user(studio: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[User]:
    """A browser tab, patient with pages that a busy machine builds slowly. A test in which something was logged as an
    error has failed."""
    Storage.path = tmp_path / "browser"
    nicegui_app.storage = Storage()
    async with user_simulation(root=register(studio, about=ABOUT)) as user:
        user.should_see = partial(user.should_see, retries=PATIENCE)
        user.should_not_see = partial(user.should_not_see, retries=PATIENCE)
        yield user
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors


@pytest.fixture
async def echo(studio: Studio) -> str:
    """The name of an agent in the catalog."""
    return (await studio.agents.create("echo.py", ECHO, actor=ACTOR)).agent.name
