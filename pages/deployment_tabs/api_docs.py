"""The API of one deployment, as its gateway answers it; the same facts as in its OpenAPI document."""

import json

from nicegui import ui

from nexdeck.models.choices import Channel
from nexdeck.pages.components.agents.schema_table import inputs_table, outputs_table
from nexdeck.pages.components.deployments.connect import ConnectPanel
from nexdeck.pages.components.widgets.buttons import link_button
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.section import Section
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.docs.interface import CallerInterface, interface_of
from nexdeck.services.docs.openapi import example_answer, example_events
from nexdeck.services.docs.problems import WITH_WAIT, limit_words, problems_of

STREAMING = (
    "A call with “Accept: text/event-stream” gets each piece as it comes, and the whole answer in the event “result”. "
    "A failure after the first piece is the event “error”. All other calls get the whole answer at once. MCP clients "
    "that ask for progress get the pieces as its messages, A2A clients as updates of an artifact."
)


class ApiDocsTab:
    def __init__(self, _, detail: DeploymentDetail) -> None:
        self._id = detail.summary.deployment.id
        self._section = Section(lambda d: self._build(interface_of(d)), interface_of)

    def show(self, detail: DeploymentDetail) -> None:
        self._section.show(detail)

    def _build(self, interface: CallerInterface) -> None:
        with ui.element("div").classes("stack wide"):
            self._show_call(interface)
            ConnectPanel(interface)
            with ui.element("div").classes("columns"):
                with _card("Inputs"):
                    inputs_table(interface.input_schema)
                with _card("Outputs"):
                    outputs_table(interface.output_schema)
            if Channel.API in interface.channels:
                with ui.element("div").classes("columns"):
                    code_view(_pretty({"inputs": interface.sample}), "request.json", height=360, wrap=True)
                    code_view(_pretty(example_answer(interface)), "answer 200.json", height=360, wrap=True)
                if interface.chunks is not None:
                    with _card("Streaming").classes("stack"):
                        _show_streaming(interface)
                with _card("Errors"):
                    _show_errors(interface)

    def _show_call(self, interface: CallerInterface) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label(f"{interface.name} {interface.version}").classes("h2")
                document = link_button(
                    "openapi.json", f"/api/v1/deployments/{self._id}/openapi.json", symbol="download"
                ).classes("small")
                document.props("target=_blank").props["title"] = "The OpenAPI 3.1 document"
            with ui.element("div").classes("card-body stack"):
                if interface.description:
                    ui.label(interface.description).classes("small fg2 keep")
                with ui.element("div").classes("full"):
                    if Channel.API in interface.channels:
                        _address("POST", interface.api_url)
                    if interface.mcp_url:
                        _address("MCP", interface.mcp_url)
                    if interface.a2a_url:
                        _address("A2A", interface.a2a_url)
                ui.label(_authentication(interface)).classes("small fg2 breaks")
                ui.label(" ".join(limit_words(interface))).classes("small fg2")


def _card(title: str) -> ui.element:
    with ui.element("div").classes("card"):
        with ui.element("div").classes("card-head"):
            ui.label(title).classes("h2")
        return ui.element("div").classes("card-body")


def _address(method: str, url: str) -> None:
    with ui.element("div").classes("endpoint"):
        ui.label(method).classes("channel")
        with ui.element("code"):
            ui.label(url).props["title"] = url
        CopyButton(url, f"Copy the {method} address")


def _authentication(interface: CallerInterface) -> str:
    if interface.require_key:
        return "Authentication: Authorization: Bearer KEY, with a key of this deployment. Create one under Settings."
    return "Authentication: none. Anybody who reaches the gateway may call it."


def _show_streaming(interface: CallerInterface) -> None:
    ui.label(STREAMING).classes("small fg2")
    code_view(example_events(interface).rstrip(), "answer 200, text/event-stream", height=200, wrap=True)


def _show_errors(interface: CallerInterface) -> None:
    note = "Each is a problem document (application/problem+json) with its code and a request id."
    ui.label(note).classes("small fg2")
    with ui.element("table").classes("schema errors"):
        with ui.element("thead"), ui.element("tr"):
            for head in ("Status", "Code", "When"):
                with ui.element("th").props("scope=col"):
                    ui.label(head)
        with ui.element("tbody"):
            for status, codes in problems_of(interface).items():
                for code, meaning in codes:
                    _show_error(status, code, meaning)


def _show_error(status: int, code: str, meaning: str) -> None:
    with ui.element("tr"):
        with ui.element("td"):
            ui.label(str(status)).classes("mono")
        with ui.element("td"):
            ui.label(code).classes("mono fg2")
        with ui.element("td"):
            ui.label(meaning + (" Retry-After says when to try again." if code in WITH_WAIT else "")).classes("fg2")


def _pretty(value: dict) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
