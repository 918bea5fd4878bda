"""One call in full: its facts, what went in and came out where that is kept, and where to go from here."""

from collections.abc import Callable

from nicegui import ui

from nexdeck.pages.components.requests.replay_dialog import open_replay_dialog
from nexdeck.pages.components.requests.row import status_style, tokens_words
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button, link_button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.words import CHANNELS, milliseconds
from nexdeck.services.calls.service import RecordedRequest
from nexdeck.services.calls.try_it import pretty_body
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.studio import Studio

ALTERED = "The input is not kept as it was sent: fields are redacted, secrets masked, or it was too long."
ONLY_OUTPUT = "Only the output is kept, so the call cannot be made again."
NOT_KEPT = "Inputs and outputs are not kept. Redeploy with “Keep inputs” or “Keep outputs” to see those of later calls."


def open_request_dialog(
    studio: Studio, detail: DeploymentDetail, call: RecordedRequest, closed: Callable[[], None]
) -> None:
    modal = Modal(f"Request {call.entry.request_id}", width="wide")
    modal.dialog.on("hide", closed)

    def replay() -> None:
        modal.close()
        open_replay_dialog(studio, detail, [call.id])

    with modal.body:
        _show_facts(call)
        if not call.is_recorded:
            banner(NOT_KEPT, "idle")
        elif call.altered:
            banner(ALTERED if call.inputs is not None else ONLY_OUTPUT, "info")
        with ui.element("div").classes("columns"):
            for title, text in (("input", call.inputs), ("output", call.outputs)):
                if text is not None:
                    shown, suffix = pretty_body(text)
                    code_view(shown, f"{title}.{suffix}", height=420, wrap=True)
    with modal.foot:
        path = f"/deployments/{detail.summary.deployment.id}"
        lines = link_button("Its log lines", f"{path}?tab=logs&request={call.entry.request_id}", symbol="scroll-text")
        lines.on("click", modal.close)
        if call.can_be_replayed:
            if detail.live is not None:
                Button("Replay", replay, symbol="refresh-cw").mark("replay-request")
            again = link_button("Try again", f"{path}?tab=try&call={call.id}", kind="primary", symbol="play")
            again.on("click", modal.close)
    modal.open()


def _show_facts(call: RecordedRequest) -> None:
    entry = call.entry
    with ui.element("div").classes("line wrap full"):
        Chip(status_style(entry.status, entry.code)).mark("request-status")
        ui.label(milliseconds(entry.milliseconds)).classes("mono small")
        ui.label(CHANNELS.get(entry.channel, entry.channel)).classes("small fg2")
        ui.label(f"revision #{entry.revision}").classes("small fg2")
        with ui.element("div").classes("small fg3"):
            Moment(entry.time)
    with ui.element("dl").classes("facts"):
        with _fact("Request id"), ui.element("div").classes("line"):
            ui.label(entry.request_id).classes("mono breaks")
            CopyButton(entry.request_id, "Copy the request id")
        with _fact("Ended"):
            ui.label(f"{entry.time:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC").classes("mono")
        if call.key:
            with _fact("Key"):
                ui.label(f"{call.key.name} ({call.key.prefix}…)")
        if words := tokens_words(call):
            with _fact("Tokens"):
                ui.label(f"{words} (read by models + written)")


def _fact(term: str) -> ui.element:
    with ui.element("dt"):
        ui.label(term)
    return ui.element("dd")
