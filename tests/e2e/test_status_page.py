"""The public status page in a real browser: no script, no foreign request, no error, and it fits a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.programs import Studio


@pytest.fixture
def published(studio: Studio) -> Iterator[str]:
    """The path of the page while it is switched on; it shows no deployment yet."""
    page = {"enabled": True, "slug": "acme", "title": "Acme status"}
    studio.http.put("/api/v1/status-page", json=page).raise_for_status()
    yield "/status/acme"
    studio.http.put("/api/v1/status-page", json=page | {"enabled": False}).raise_for_status()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it_on_a_phone(page: Page, published: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(published)
    expect(page.get_by_role("heading", name="Acme status")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.scripts.length") == 0
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 251, 252)"
    assert light is (scheme == "light")
    page.get_by_role("link", name="As JSON").click()
    page.wait_for_url("**/status/acme.json")
