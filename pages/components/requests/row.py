"""One call in a list of calls."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from nicegui import ui

from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.notices import telling
from nexdeck.pages.words import CHANNELS, StatusStyle, milliseconds
from nexdeck.services.calls.service import RecordedRequest

COLUMNS = (
    ("Status", ""),
    ("When", ""),
    ("Channel", ""),
    ("Key", "on-wide"),
    ("Revision", "right"),
    ("Took", "right"),
    ("Tokens", "right on-wide"),
    ("Request", ""),
)


class RequestRow:
    """``open_call`` gets the call's id when it is pressed."""

    def __init__(self, call: RecordedRequest, open_call: Callable[[str], Awaitable[None]]) -> None:
        entry = call.entry
        with ui.element("div").classes("item") as self.element:
            with ui.element("div"):
                Chip(status_style(entry.status, entry.code), entry.code)
            with ui.element("div").classes("small fg2"):
                Moment(entry.time)
            ui.label(CHANNELS.get(entry.channel, entry.channel)).classes("fg2 cut")
            ui.label(call.key.name if call.key else "–").classes("fg2 cut on-wide")
            ui.label(f"#{entry.revision}").classes("num fg2 right").props("data-label=Revision")
            ui.label(milliseconds(entry.milliseconds)).classes("num right")
            ui.label(tokens_words(call) or "–").classes("num fg2 right on-wide")
            with ui.element("button").classes("row-link mono cut link-button").props("type=button") as button:
                ui.label(entry.request_id).classes("cut")
            button.on("click", telling(lambda: open_call(call.id)))

    def delete(self) -> None:
        self.element.delete()


def status_style(status: int, code: str | None = None) -> StatusStyle:
    """What came of a call, as a chip."""
    if status == 499:
        return StatusStyle("Caller left", "idle")
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    tone = "ok" if status < 400 else "warn" if status < 500 else "bad"
    return StatusStyle(f"{status} {code or phrase}".strip(), tone)


def tokens_words(call: RecordedRequest) -> str:
    read, written = call.entry.tokens_in, call.entry.tokens_out
    return "" if read is None and written is None else f"{read or 0:,} + {written or 0:,}"
