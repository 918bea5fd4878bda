"""Dialogs by the keyboard alone: the first field has the focus, Enter finishes, Escape leaves things as they were."""

from playwright.sync_api import Page, expect

SLOW = 20_000  # milliseconds


def test_a_dialog_is_filled_finished_and_left_without_the_mouse(page: Page) -> None:
    page.goto("/settings")
    page.get_by_role("button", name="Add a secret").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused(timeout=SLOW)
    page.keyboard.type("TYPED_KEY")
    page.keyboard.press("Tab")
    page.keyboard.type("hush")
    page.keyboard.press("Enter")
    expect(page.get_by_text("TYPED_KEY is stored.")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused(timeout=SLOW)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_text("TYPED_KEY", exact=True)).to_be_visible()


def test_a_choice_and_a_text_of_several_lines_keep_enter_for_themselves(page: Page) -> None:
    page.goto("/health")
    page.get_by_role("button", name="Plan maintenance").first.click()
    expect(page.get_by_role("combobox", name="Begins")).to_be_focused(timeout=SLOW)
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name="now")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=SLOW)
    page.goto("/gateways")
    page.get_by_role("button", name="Add a gateway").first.click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused(timeout=SLOW)
    page.get_by_role("combobox", name="Its certificate is verified").click()
    page.get_by_role("option", name="your own CA").click()
    expect(page.get_by_role("option")).to_have_count(0, timeout=SLOW)  # a menu gives the focus back as it closes
    page.get_by_label("CA certificate (PEM)").press("Enter")
    page.keyboard.type("x")
    expect(page.get_by_label("CA certificate (PEM)")).to_have_value("\nx")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("use 1 to 63 lower-case letters")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Copy the command").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("nexdeck gateway --host ADDRESS --allow-remote --tls-self-signed ")


def test_what_was_written_is_not_dropped_unasked(page: Page) -> None:
    page.goto("/agents?new=1")
    dialog = page.get_by_role("dialog", name="New agent")
    expect(dialog).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0, timeout=SLOW)
    page.goto("/agents?new=1")
    dialog.locator(".cm-content").click()
    page.keyboard.type("# mine\n")
    page.keyboard.press("Escape")
    question = page.get_by_role("dialog", name="Drop what you wrote?")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused(timeout=SLOW)
    page.keyboard.press("Enter")
    expect(question).to_have_count(0, timeout=SLOW)
    expect(dialog.get_by_text("# mine")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Drop it").click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=SLOW)


def test_what_an_agent_can_begin_with_is_shown_whole_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/agents?new=1")
    dialog = page.get_by_role("dialog", name="New agent")
    choice = dialog.get_by_role("button", name="Python")
    choice.click(timeout=SLOW)
    expect(dialog.get_by_label("File")).to_have_value("word-count.py", timeout=SLOW)
    assert dialog.locator(".segments").bounding_box()["height"] > choice.bounding_box()["height"]
