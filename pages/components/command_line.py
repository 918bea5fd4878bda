"""A command to run elsewhere: all of it is seen, and it wraps at its spaces alone, never within an option."""

from html import escape

from nicegui import ui

from pages.components.copy_button import CopyButton


def command_line(command: str) -> None:
    words = " ".join(f"<span>{escape(word)}</span>" for word in command.split())
    with ui.element("div").classes("code command"):
        ui.html(words, sanitize=False, tag="code").classes("grow")  # nothing but escaped words and those spans
        CopyButton(command, "Copy the command")
