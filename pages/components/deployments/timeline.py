"""What happened to a deployment, newest first."""

from nicegui import ui

from nexdeck.models.deployment import StatusChange
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.words import event_tone, event_words


def timeline(events: list[StatusChange]) -> None:
    with ui.element("div").classes("timeline"):
        for change in events:
            with ui.element("div").classes("event"):
                ui.element("div").classes(f"dot {event_tone(change)}")
                ui.label(event_words(change))
                with ui.element("div").classes("tiny fg3 right"):
                    Moment(change.at)
                ui.label(change.message or f"by {change.by}").classes("detail")
