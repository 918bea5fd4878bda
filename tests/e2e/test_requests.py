"""Requests in a browser: listed as they come, opened, tried again, and replayed before a redeploy."""

import re

from playwright.sync_api import Page, expect

from tests.integration.studio.test_calls import call
from tests.integration.studio.test_replays import add, deploy
from tests.programs import Studio

SLOW = 45_000  # milliseconds: the machine may be busy with other things
HOSTILE = "<img src=x onerror=alert(1)>"


def test_a_request_appears_opens_and_leads_on(page: Page, studio: Studio) -> None:
    row = deploy(studio, "shown")
    page.goto(f"/deployments/{row['id']}?tab=requests")
    expect(page.get_by_role("button", name="shown-card")).to_be_visible(timeout=SLOW)
    call(row, "while-open", order={"amount": 7, "note": HOSTILE})
    page.get_by_role("button", name="while-open").click(timeout=SLOW)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(HOSTILE)).to_be_visible()
    assert dialog.locator("img[src=x]").count() == 0
    page.wait_for_url(re.compile(r"call=req_"))
    page.reload()
    expect(dialog.get_by_text(HOSTILE)).to_be_visible(timeout=SLOW)
    dialog.get_by_role("link", name="Try again").click()
    expect(page.get_by_text(HOSTILE).first).to_be_visible(timeout=SLOW)
    page.goto(f"/deployments/{row['id']}?tab=requests&q=while")
    page.get_by_role("button", name="while-open").click(timeout=SLOW)
    dialog.get_by_role("link", name="Its log lines").click()
    expect(page.get_by_text("request while-open", exact=True)).to_be_visible(timeout=SLOW)
    page.goto(f"/deployments/{row['id']}?tab=requests&outcome=broken")
    expect(page.get_by_text("No request fits")).to_be_visible(timeout=SLOW)


def test_recorded_requests_are_replayed_in_the_redeploy_dialog(page: Page, studio: Studio) -> None:
    row = deploy(studio, "rehearsed")
    add(studio, "2.0.0", 11, fails=True)
    page.goto(f"/deployments/{row['id']}?tab=requests")
    page.get_by_role("button", name="Redeploy").click(timeout=SLOW)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Try it on recorded requests first").click(timeout=SLOW)
    expect(dialog.get_by_text("The calls run for real", exact=False)).to_be_visible()
    dialog.get_by_role("button", name="Replay", exact=True).click()
    expect(dialog.get_by_text("1 · fails now")).to_be_visible(timeout=SLOW)
    expect(dialog.get_by_text("2 · differs")).to_be_visible(timeout=SLOW)
    dialog.get_by_text("rehearsed-1").click()
    expect(dialog.get_by_text("10 → 11")).to_be_visible()
