"""A streaming agent in a real browser: its pieces as they come, cancelled, tried again; and keys in the settings."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.programs import Studio

SOURCE = '''"""Tells a story word by word."""

import asyncio
from collections.abc import AsyncIterator

SAMPLE = {"words": 3}


async def story(words: int) -> AsyncIterator[str]:
    for number in range(words):
        yield f"<b>word</b> {number} "
        await asyncio.sleep(0 if words == 3 else 0.05)
'''


@pytest.fixture(scope="module")
def story(studio: Studio) -> str:
    """The id of a deployment."""
    studio.http.post("/api/v1/agents", json={"filename": "story.py", "source": SOURCE}).raise_for_status()
    answer = studio.http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": "story"})
    return answer.json()["deployment"]["id"]


def test_pieces_are_shown_as_they_come_and_a_call_can_be_cancelled(page: Page, story: str) -> None:
    page.goto(f"/deployments/{story}?tab=try")
    words = page.get_by_label(re.compile("^words"))
    words.fill("100000")
    expect(page.locator("pre").filter(has_text='"words": 100000')).to_contain_text("text/event-stream")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".pieces")).to_contain_text("<b>word</b> 3 ", timeout=20_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing was kept of this call.")).to_be_visible()
    words.fill("3")
    expect(page.locator("pre").filter(has_text='"words": 3')).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("3 pieces, the first after")).to_be_visible(timeout=20_000)
    expect(page.locator("pre").filter(has_text="workflow_id")).to_contain_text("<b>word</b> 0 <b>word</b> 1 ")
    assert page.locator("pre b").count() == 0


def test_a_key_is_created_and_rotated(page: Page, story: str) -> None:
    page.goto(f"/deployments/{story}?tab=settings")
    page.get_by_role("button", name="Create a key").click()
    page.get_by_label("Name").fill("phone app")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("button", name="I have stored it").click()
    page.get_by_role("button", name="Rotate").click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    page.get_by_role("button", name="I have stored it").click()
    replaced = page.locator(".keys .item").filter(has_text="replaced")
    expect(replaced).to_contain_text("in 24 h")
