"""Shows a key or another secret the one time that it can be shown."""

from nicegui import ui

from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.modal import Modal

AWAY = " The gateway does not answer just now: it accepts the key as soon as it answers again."


def show_key_once(whose: str, key: str, *, is_effective: bool = True) -> None:
    warning = "It will not be shown again: only its hash is kept. Store it now, or create another one later."
    show_once(
        f"The key of {whose}",
        "Callers send it as “Authorization: Bearer KEY”.",
        key,
        warning if is_effective else warning + AWAY,
    )


def show_once(title: str, note: str, key: str, warning: str) -> None:
    modal = Modal(title, note, persistent=True)
    with modal.body:
        with ui.element("div").classes("code"), ui.element("div").classes("line").style("padding: 8px 8px 8px 14px"):
            ui.label(key).classes("mono breaks grow").mark("new-key")
            CopyButton(key, "Copy the key", caption="Copy")
        banner(warning, "warn")
    with modal.foot:
        Button("I have stored it", modal.close, kind="primary")
    modal.open()
