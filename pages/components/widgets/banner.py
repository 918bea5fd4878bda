"""A sentence that must not be overlooked, in a coloured frame."""

from nicegui import ui

from nexdeck.pages.components.widgets.icons import icon

SYMBOLS = {"bad": "circle-alert", "warn": "triangle-alert", "info": "info", "ok": "circle-check", "idle": "info"}


def banner(text: str, tone: str = "info") -> ui.label:
    with ui.element("div").classes(f"banner {tone}").props("role=alert" if tone == "bad" else "role=status"):
        icon(SYMBOLS[tone])
        return ui.label(text).classes("keep grow")
