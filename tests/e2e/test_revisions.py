"""Redeploying and rolling back in a browser: what changes is shown while the form is filled in."""

from playwright.sync_api import Page, expect

from tests.integration.studio.test_revisions import RENAMED, add_version, deployed
from tests.programs import Studio

SLOW = 20_000  # milliseconds


def test_a_breaking_redeploy_is_confirmed_and_rolled_back(page: Page, studio: Studio) -> None:
    row = deployed(studio, "turned")
    add_version(studio, "turned", *RENAMED)
    page.goto(f"/deployments/{row['id']}?tab=revisions")
    page.get_by_role("button", name="Redeploy").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("2 breaking")).to_be_visible(timeout=SLOW)
    dialog.get_by_text("Command line").click()
    expect(dialog.get_by_text("3 breaking")).to_be_visible(timeout=SLOW)
    redeploy = dialog.get_by_role("button", name="Redeploy")
    expect(redeploy).to_be_disabled()
    dialog.get_by_text("Break these callers").click()
    redeploy.click()
    expect(page.get_by_text("version 1.0.0 → 2.0.0, channels")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Roll back to this").click(timeout=SLOW)
    dialog.get_by_label("Reason").last.fill("callers complain")
    dialog.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("Rollback to revision 1: callers complain")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=SLOW)
