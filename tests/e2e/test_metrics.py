"""The metrics tab in a real browser: empty at first, then live, zoomed, filtered, and compared by its address."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.programs import Studio

SOURCE = '''"""Answers at once."""
SAMPLE = {"text": "x"}


def quick(text: str) -> dict:
    """Give it back."""
    if text == "fail":
        raise ValueError("as asked")
    return {"text": text}
'''
POINTS = "chart => chart.data.reduce((sum, trace) => sum + trace.y.reduce((a, b) => a + (b || 0), 0), 0)"


@pytest.fixture(scope="module")
def quick(studio: Studio) -> dict:
    studio.http.post("/api/v1/agents", json={"filename": "quick.py", "source": SOURCE}).raise_for_status()
    answer = studio.http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": "quick"})
    return answer.json()["deployment"]


def call(deployment: dict, text: str, count: int) -> None:
    for _ in range(count):
        httpx.post(deployment["api_endpoint"], json={"inputs": {"text": text}}, trust_env=False, timeout=30)


def chart(page: Page, title: str):
    return page.locator(".chart-card", has=page.get_by_text(title, exact=True)).locator(".chart")


def test_calls_appear_live_and_a_zoom_is_in_the_address(page: Page, quick: dict) -> None:
    page.goto(f"/deployments/{quick['id']}?tab=metrics&range=15m")
    expect(page.get_by_text("No calls yet")).to_be_visible(timeout=20_000)
    call(quick, "ok", 6)
    expect(chart(page, "Requests").locator(".main-svg").first).to_be_visible(timeout=30_000)
    page.wait_for_function(f"() => ({POINTS})(document.querySelector('.chart')) === 6", timeout=30_000)
    svg = chart(page, "Requests").locator(".main-svg").first.element_handle()
    call(quick, "fail", 3)
    page.wait_for_function(f"() => ({POINTS})(document.querySelector('.chart')) === 9", timeout=30_000)
    assert svg.is_visible(), "it was drawn anew"
    expect(page.locator(".key-figures")).to_contain_text("33.3%")
    box = chart(page, "Requests").locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 40, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile(r"since=\d+&until=\d+"), timeout=20_000)
    page.get_by_role("button", name="Whole range").click()
    expect(page).not_to_have_url(re.compile("since="))


def test_colours_follow_the_theme(page: Page, quick: dict) -> None:
    call(quick, "ok", 1)
    page.emulate_media(color_scheme="light")
    page.goto(f"/deployments/{quick['id']}?tab=metrics&range=15m")
    expect(chart(page, "Latency").locator(".main-svg").first).to_be_visible(timeout=30_000)
    colour = "() => document.querySelectorAll('.chart')[1].data[0].line.color"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"before => ({colour})() !== before", arg=light, timeout=20_000)


def test_the_download_is_what_is_shown(page: Page, quick: dict) -> None:
    call(quick, "ok", 1)
    page.goto(f"/deployments/{quick['id']}?tab=metrics&range=15m&channel=api")
    expect(chart(page, "Requests").locator(".main-svg").first).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        page.locator("[aria-label='Download these points as CSV']").click()
    text = download.value.path().read_text()
    assert text.startswith("at,requests,")
    assert sum(int(line.split(",")[1]) for line in text.splitlines()[1:]) >= 1
