"""What a list shows when there is nothing in it: what would be there, and how to get it there."""

from nicegui import ui

from nexdeck.pages.components.widgets.icons import tile


def empty_state(symbol: str, title: str, text: str = "") -> ui.element:
    """Returns the line for its buttons: ``with empty_state(…): Button(…)``."""
    with ui.element("div").classes("empty"):
        tile(symbol, "large")
        ui.label(title).classes("h2")
        if text:
            ui.label(text).classes("small fg2 breaks")
        return ui.element("div").classes("line")
