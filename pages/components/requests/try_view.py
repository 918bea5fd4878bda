"""One try of a deployment and its answer, as it came."""

import json
from http import HTTPStatus

from nicegui import ui

from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.fields import fold
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.words import CHANNELS, StatusStyle, count_of, milliseconds
from nexdeck.services.calls.try_it import TryResult, pretty_body

SHOWN_CHARACTERS = 100_000  # of a body; colouring more would hold the page up


def try_result_chip(trial: TryResult) -> Chip:
    phrase = HTTPStatus(trial.status).phrase if trial.status in set(HTTPStatus) else ""
    if trial.events and trial.events[-1].name == "error":
        return Chip(StatusStyle(f"{trial.status} {phrase}, failed on the way", "bad"))
    if trial.is_tool_error:
        return Chip(StatusStyle(f"{trial.status} {phrase}, tool error", "bad"))
    tone = "ok" if trial.status < 300 else "warn" if trial.status < 500 else "bad"
    return Chip(StatusStyle(f"{trial.status} {phrase}".strip(), tone))


def _body_of(trial: TryResult) -> tuple[str, str]:
    """Of a streamed answer its end: the result, or why it failed."""
    if trial.events:
        return json.dumps(trial.events[-1].data, indent=2, ensure_ascii=False), "json"
    return pretty_body(trial.body)


def try_result_view(trial: TryResult) -> None:
    with ui.element("div").classes("line wrap full"):
        try_result_chip(trial).mark("answer-status")
        ui.label(milliseconds(trial.milliseconds)).classes("mono small")
        ui.label(CHANNELS[trial.channel]).classes("small fg2")
        with ui.element("div").classes("small fg3"):
            Moment(trial.at)
        if trial.events:
            count = sum(event.name == "chunk" for event in trial.events)
            first = f", the first after {milliseconds(trial.first_piece_ms)}" if trial.first_piece_ms else ""
            ui.label(f"{count_of(count, 'piece')}{first}").classes("small fg2").mark("pieces")
    body, suffix = _body_of(trial)
    if len(body) > SHOWN_CHARACTERS:
        ui.label(f"Its first {SHOWN_CHARACTERS:,} of {len(body):,} characters:").classes("small fg3")
        body = body[:SHOWN_CHARACTERS]
    code_view(body, f"answer.{suffix}", height=420, wrap=True)
    with fold("Headers", len(trial.headers)), ui.element("dl").classes("facts headers"):
        for name, value in trial.headers.items():
            with ui.element("dt"):
                ui.label(name).classes("mono")
            with ui.element("dd"):
                ui.label(value).classes("mono")
