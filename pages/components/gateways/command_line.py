"""A command to run elsewhere: all of it is seen, and it wraps at its spaces alone, never within an option."""

from html import escape

from nicegui import ui

from nexdeck.pages.components.widgets.code_view import unbroken
from nexdeck.pages.components.widgets.copy_button import CopyButton


def command_line(command: str) -> None:
    with ui.element("div").classes("code command"):
        # nothing but escaped words and their spans
        ui.html(unbroken(escape(command)), sanitize=False, tag="code").classes("grow")
        CopyButton(command, "Copy the command")
