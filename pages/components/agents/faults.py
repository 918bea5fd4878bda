"""What is wrong with a source, each fault with its place."""

from nicegui import ui

from nexdeck.pages.components.widgets.banner import banner
from nexdeck.services.errors import SourceInvalid

SHOWN = 12


def show_faults(error: SourceInvalid) -> None:
    banner(error.message, "bad")
    with ui.element("div").classes("faults").props("role=list"):
        for fault in error.errors[:SHOWN]:
            with ui.element("div").classes("fault").props("role=listitem"):
                place = f"{fault.line}:{fault.column or 1}" if fault.line else "–"
                ui.label(place).classes("place").props(f'title="line {fault.line}, column {fault.column}"')
                ui.label(f"{fault.path}: {fault.message}" if fault.path else fault.message)
    if (more := len(error.errors) - SHOWN) > 0:
        ui.label(f"and {more} more").classes("tiny fg3")
