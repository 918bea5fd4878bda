"""The log viewer in a real browser: live, held, filtered by its address, and harmless whatever the lines say."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.programs import Studio

SOURCE = '''"""Writes lines."""
SAMPLE = {"lines": 1}


def writing(lines: int, word: str = "plain") -> dict:
    """Prints as many lines."""
    for number in range(lines):
        print(f"{word} line {number} \\x1b[31mred\\x1b[0m <img src=x onerror=alert(1)>")
    if word == "broken":
        raise ValueError("the traceback's own words")
    return {}
'''


@pytest.fixture(scope="module")
def writing(studio: Studio) -> dict:
    studio.http.post("/api/v1/agents", json={"filename": "writing.py", "source": SOURCE}).raise_for_status()
    answer = studio.http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": "writing"})
    return answer.json()["deployment"]


def write(deployment: dict, lines: int, word: str) -> None:
    httpx.post(deployment["api_endpoint"], json={"inputs": {"lines": lines, "word": word}}, trust_env=False, timeout=30)


def test_lines_appear_as_they_come_and_stay_text(page: Page, writing: dict) -> None:
    page.goto(f"/deployments/{writing['id']}?tab=logs")
    expect(page.get_by_text("Live: every channel answered a real call.")).to_be_visible(timeout=20_000)
    write(writing, 2000, "hostile")
    expect(page.get_by_text("hostile line 1999 red <img src=x onerror=alert(1)>")).to_be_visible(timeout=20_000)
    assert page.locator(".log-row").count() < 80
    assert page.locator(".log-row img").count() == 0
    page.locator(".log-box").evaluate("box => (box.scrollTop -= 2000)")
    expect(page.get_by_text("Held")).to_be_visible()
    shown = page.locator(".log-row").first.inner_text()
    write(writing, 3, "further")
    page.get_by_role("button", name=re.compile(r"Newest \(\d+ new\)")).wait_for(timeout=20_000)
    assert page.locator(".log-row").first.inner_text() == shown
    page.get_by_role("button", name=re.compile("Newest")).click()
    expect(page.get_by_text("further line 2 red")).to_be_visible()
    expect(page.get_by_text("Following")).to_be_visible()


def test_filters_are_in_the_address_and_one_request_is_shown_together(page: Page, writing: dict) -> None:
    write(writing, 2, "broken")
    page.goto(f"/deployments/{writing['id']}?tab=logs&level=error")
    row = page.locator(".log-row").last
    expect(row).to_contain_text("agent_failed", timeout=20_000)
    row.get_by_role("button", name="Unfold this line").click()
    expect(page.get_by_text("ValueError: the traceback's own words", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile("^request ")).click()
    page.wait_for_url(re.compile(r"request="))
    expect(page.get_by_text("broken line 1 red", exact=False)).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Show all requests").click()
    page.get_by_role("searchbox", name="Search the log").fill("broken")
    page.wait_for_url(re.compile(r"q=broken"))
    expect(page.get_by_text("broken line 0 red", exact=False)).to_be_visible(timeout=20_000)


def test_a_range_of_time_is_shown_and_nothing_newer_comes_in(page: Page, writing: dict) -> None:
    write(writing, 1, "ranged")
    page.goto(f"/deployments/{writing['id']}?tab=logs&q=ranged")
    expect(page.get_by_text("ranged line 0 red", exact=False)).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Time").click()
    page.get_by_text("Between two times…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("From").last.fill("2020-01-01T10:00:00")
    dialog.get_by_label("Until").last.fill("2020-01-01T09:00:00")
    dialog.get_by_role("button", name="Show").click()
    expect(dialog.get_by_text("must be later")).to_be_visible()
    dialog.get_by_label("Until").last.fill("2020-01-01T11:00:00")
    dialog.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(r"since=2020-01-01T.*until=2020-01-01T"))
    expect(page.get_by_text("No lines here yet", exact=False)).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Time: Between").click()
    page.get_by_text("Any time").click()
    expect(page.get_by_text("ranged line 0 red", exact=False)).to_be_visible(timeout=20_000)


def test_a_download_holds_what_is_filtered(page: Page, writing: dict) -> None:
    page.goto(f"/deployments/{writing['id']}?tab=logs&q=live")
    expect(page.locator(".log-row").first).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Download all lines that fit").click()
    with page.expect_download() as download:
        page.get_by_text("Plain text").click()
    assert "Live: every channel answered a real call." in download.value.path().read_text()
