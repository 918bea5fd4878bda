"""A real browser against a real Nexdeck. Run these in a pytest of their own: sync Playwright keeps an event loop."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.programs import ROOT, Studio, running_studio
from tests.system import browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return {**browser_type_launch_args, "executable_path": browser(), "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    permissions = ["clipboard-read", "clipboard-write"]
    return {**browser_context_args, "viewport": {"width": 1280, "height": 800}, "permissions": permissions}


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with running_studio(tmp_path_factory.mktemp("e2e")) as studio:
        for name in ("text_statistics.py",):
            body = {"filename": name, "source": (ROOT / "examples" / name).read_text()}
            studio.http.post("/api/v1/agents", json=body).raise_for_status()
        yield studio


@pytest.fixture(scope="session")
def base_url(studio: Studio) -> str:
    """pytest-base-url's fixture: ``page.goto("/")`` goes there."""
    return studio.url


@pytest.fixture(autouse=True)
def no_errors_in_the_browser(page: Page) -> Iterator[None]:
    """A test fails on any uncaught error, console error, or request to another host."""
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"uncaught: {error}"))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    foreign = lambda request: not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))  # noqa: E731
    page.on("request", lambda request: foreign(request) and troubles.append(f"foreign request: {request.url}"))
    yield
    assert troubles == []
