"""Redeploying and rolling back in a browser: what changes is shown while the form is filled in."""

from playwright.sync_api import Page, expect

from tests.gateway_process import wait_for
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


def test_during_a_canary_the_settings_tell_what_is_live_and_what_is_coming(page: Page, studio: Studio) -> None:
    row = deployed(studio, "tried")
    options = {"canary": {"percent": 20, "minutes": 30}, "limits": {"timeout_seconds": 9}}
    path = f"/api/v1/deployments/{row['id']}"
    studio.http.post(f"{path}/redeploy", json={"options": options}).raise_for_status()
    wait_for(lambda: studio.http.get(f"{path}/canary").is_success, what="no canary began")
    assert studio.http.get(path).json()["options"]["limits"]["timeout_seconds"] == 60
    page.goto(f"/deployments/{row['id']}?tab=settings")
    expect(page.get_by_text("Revision 2 is on its way, with other options:")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Timeout: 60 s → 9 s")).to_be_visible()

    page.goto(f"/deployments/{row['id']}?tab=requests")
    page.get_by_role("button", name="Replay").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Against")).to_be_focused(timeout=SLOW)
    expect(dialog.get_by_text("On the live revision too")).to_be_hidden()
    studio.http.post(f"{path}/cancel").raise_for_status()
