"""Calls the deployment as its callers would, and shows what comes back."""

import asyncio
import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from nicegui import app as nicegui_app
from nicegui import ui

from nexdeck.models.choices import Channel
from nexdeck.models.control import REQUEST_ID_HEADER
from nexdeck.models.deployment import DeploymentStatus
from nexdeck.models.manifest import AgentKind
from nexdeck.pages.components.requests.chunks_view import ChunksView
from nexdeck.pages.components.requests.input_form import InputForm
from nexdeck.pages.components.requests.step_chart import step_chart
from nexdeck.pages.components.requests.try_view import SHOWN_CHARACTERS, try_result_chip, try_result_view
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import choice_field, text_field
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.identity import me
from nexdeck.pages.words import CHANNELS, milliseconds
from nexdeck.services.calls.try_it import TryResult, try_call
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.docs.interface import CallerInterface, interface_of
from nexdeck.services.docs.snippet_parts import curl_command
from nexdeck.services.errors import StudioError

KEPT_TRIES = 10
NEAREST = {"block": "nearest", "behavior": "smooth"}


class TryTab:
    """What was tried is kept for as long as the browser's tab is open; a key is never kept."""

    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._connections = context.studio.connections
        self._logs, self._gateway = context.studio.logs, detail.gateway
        self._has_steps = detail.summary.kind is AgentKind.ORCHESTRATION
        self._calls, self._address = context.studio.calls, context.address
        self._id = detail.summary.deployment.id
        self._store = f"tries of {detail.summary.deployment.id}"
        self._tries: list[TryResult] = []
        self._call: asyncio.Future[TryResult] | None = None
        self._state = Section(_show_state, _why_not)
        self._section = Section(lambda d: self._build(interface_of(d)), interface_of)
        ui.timer(0, self._restore, once=True)  # which tab this is, is known once the browser has connected

    def show(self, detail: DeploymentDetail) -> None:
        self._state.show(detail)
        self._section.show(detail)

    def _build(self, interface: CallerInterface) -> None:
        self._interface = interface
        self._channels = [channel for channel in (Channel.API, Channel.MCP) if channel in interface.channels]
        if not self._channels:
            empty_state("code", "Only the command line is switched on", interface.cli_command)
            return
        with ui.element("div").classes("columns"):
            with ui.element("div").classes("card"):
                _card_head("Request")
                with ui.element("div").classes("card-body stack").props("data-form"):
                    self._build_request(interface)
            with ui.element("div").classes("stack wide"):
                with ui.element("div").classes("card"):
                    _card_head("Answer")
                    self._answer = ui.element("div").classes("card-body stack")
                    self._steps = ui.element("div").classes("card-body")
                    self._steps.set_visibility(False)
                self._curl = Section(_show_curl, lambda command: command)
                with ui.element("div").classes("card"):
                    _card_head("Last tries")
                    self._history = ui.element("div").classes("card-body")
        self._show_answer(self._tries[0] if self._tries else None)
        self._show_history()
        self._inputs_changed()

    def _build_request(self, interface: CallerInterface) -> None:
        words = {channel.value: CHANNELS[channel] for channel in self._channels}
        self._channel = choice_field(
            "Channel", words, self._channels[0].value, on_change=lambda _: self._inputs_changed()
        ).mark("try-channel")
        self._key = None
        if interface.require_key:
            hint = "One of this deployment's keys, from Settings. It is sent with the call and not kept."
            self._key = text_field("Key", hint=hint, secret=True).mark("try-key")
        self._streams = None
        if interface.chunks is not None and Channel.API in self._channels:
            self._streams = ui.switch("Stream the answer", value=True, on_change=lambda _: self._inputs_changed())
            self._streams.mark("try-stream")
        self._form = InputForm(interface.input_schema, interface.sample, self._inputs_changed)
        with ui.element("div").classes("line"):
            Button("Send", self._send, kind="primary", symbol="play").props("data-finish").mark("try-send")
            self._cancel = Button("Cancel", self._stop, kind="quiet", symbol="x").mark("try-cancel")
            self._cancel.set_visibility(False)

    async def _send(self) -> None:
        errors = self._form.errors
        errors.clear()
        if self._key is not None:
            errors.belongs("key", self._key)
        live = self._show_chunks() if self._is_streaming() else None
        try:
            self._call = asyncio.ensure_future(
                try_call(
                    self._connections,
                    self._interface,
                    self._form.read(),
                    channel=Channel(self._channel.value),
                    key=self._key.value.strip() if self._key else "",
                    on_chunk=live.add if live else None,
                )
            )
            self._cancel.set_visibility(True)
            await asyncio.wait([self._call])
            if self._call.cancelled():
                self._show_cancelled(live)
                return
            trial = self._call.result()
        except StudioError as error:
            self._show_answer(self._tries[0] if self._tries else None)
            errors.show(error)
            return
        finally:
            self._cancel.set_visibility(False)
        self._remember(trial)
        self._show_answer(trial)
        self._show_history()
        self._answer.run_method("scrollIntoView", NEAREST)  # below, on a phone
        await self._show_steps(trial)

    def _is_streaming(self) -> bool:
        return self._streams is not None and self._streams.value and self._channel.value == Channel.API.value

    def _stop(self) -> None:
        """The gateway notices that nobody listens any more, and ends an agent that streams."""
        if self._call is not None:
            self._call.cancel()

    def _show_chunks(self) -> ChunksView:
        self._answer.clear()
        with self._answer:
            view = ChunksView()
        self._answer.run_method("scrollIntoView", NEAREST)
        return view

    def _show_cancelled(self, live: ChunksView | None) -> None:
        if live is None:
            self._answer.clear()
        else:
            live.stop()
        with self._answer:
            banner("Cancelled. Nothing was kept of this call.", "idle")

    def _remember(self, trial: TryResult) -> None:
        # of a streamed answer the end, which holds the result
        body = trial.body[-SHOWN_CHARACTERS:] if trial.events else trial.body[:SHOWN_CHARACTERS]
        kept = replace(trial, body=body)
        self._tries = [kept, *self._tries][:KEPT_TRIES]
        nicegui_app.storage.tab[self._store] = [{**asdict(each), "at": each.at.isoformat()} for each in self._tries]

    async def _restore(self) -> None:
        if self._channels and (call := self._address["call"]):  # a call that is to be tried again
            found = await self._calls.get(self._id, call, actor=me())
            self._form.fill(json.loads(found.inputs) if found.can_be_replayed else self._interface.sample)
            self._inputs_changed()
        stored: list[dict[str, Any]] = nicegui_app.storage.tab.get(self._store, [])
        if not stored or self._tries or not self._channels:
            return
        self._tries = [
            TryResult(**{**each, "channel": Channel(each["channel"]), "at": datetime.fromisoformat(each["at"])})
            for each in stored
        ]
        self._show_answer(self._tries[0])
        self._show_history()

    def _again(self, trial: TryResult) -> None:
        """Show an earlier try, and make its inputs the next ones."""
        if trial.channel in self._channels:
            self._channel.set_value(trial.channel.value)
        self._form.fill(json.loads(json.dumps(trial.inputs)))
        self._inputs_changed()
        self._steps.set_visibility(False)
        self._show_answer(trial)

    def _show_answer(self, trial: TryResult | None) -> None:
        self._answer.clear()
        with self._answer:
            if trial is None:
                ui.label("Nothing was sent yet. The form holds the sample input.").classes("small fg3")
            else:
                try_result_view(trial)

    async def _show_steps(self, trial: TryResult) -> None:
        """What an orchestration did for it, from its log lines, which are fetched for that at once."""
        if not self._has_steps:
            return
        try:
            await self._logs.collect(self._gateway)
            steps = await self._logs.steps(self._id, trial.headers.get(REQUEST_ID_HEADER.lower(), ""), actor=me())
        except StudioError:
            return  # they stand in the log when the gateway can be reached again
        self._steps.clear()
        self._steps.set_visibility(bool(steps))
        with self._steps:
            ui.label("Its steps").classes("label")
            step_chart(steps)

    def _show_history(self) -> None:
        self._history.clear()
        with self._history:
            if not self._tries:
                ui.label(f"The last {KEPT_TRIES} of this browser tab will stand here.").classes("small fg3")
            for trial in self._tries:
                with ui.element("button").classes("try").on("click", lambda trial=trial: self._again(trial)):
                    try_result_chip(trial)
                    ui.label(json.dumps(trial.inputs, ensure_ascii=False)[:200]).classes("mono cut grow")
                    ui.label(milliseconds(trial.milliseconds)).classes("tiny fg2")
                    with ui.element("div").classes("tiny fg3"):
                        Moment(trial.at)

    def _inputs_changed(self) -> None:
        """Keep the command beside the form true to it; while the inputs are half-written it stays as it was."""
        if self._channel.value != Channel.API.value:
            self._curl.show("")
            return
        try:
            self._curl.show(curl_command(self._interface, self._form.read(), stream=self._is_streaming()))
        except StudioError:
            return


def _card_head(title: str) -> None:
    with ui.element("div").classes("card-head"):
        ui.label(title).classes("h2")


def _show_curl(command: str) -> None:
    if command:
        code_view(command, "try-it.sh", height=260, wrap=True)


def _why_not(detail: DeploymentDetail) -> str:
    deployment = detail.summary.deployment
    if deployment.undeployed_at is not None:
        return "This deployment was undeployed: nothing answers any more."
    if deployment.status is not DeploymentStatus.RUNNING and deployment.live_revision is None:
        return "It answers once it is running."
    return "It is stopped: start it to get an answer." if deployment.status is DeploymentStatus.STOPPED else ""


def _show_state(detail: DeploymentDetail) -> None:
    if reason := _why_not(detail):
        with ui.element("div").style("margin-bottom: 16px"):
            banner(reason, "idle")
