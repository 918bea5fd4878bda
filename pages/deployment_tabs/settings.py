"""The options of the newest revision, and the keys that callers use."""

import json

from nicegui import ui

from models.deployment import DeploymentKey
from models.wire import Recording
from pages.components.buttons import Button
from pages.components.confirm import confirm
from pages.components.empty_state import empty_state
from pages.components.fields import FormErrors, text_field
from pages.components.key_once import show_key_once
from pages.components.lifecycle_buttons import Action, possible
from pages.components.modal import Modal
from pages.components.moment import Moment
from pages.components.section import Section
from pages.identity import me
from pages.notices import say
from pages.words import CHANNELS
from services.deployment_views import DeploymentDetail
from services.errors import StudioError

MONO = ("Environment", "Secrets", "Sample input")


class SettingsTab:
    def __init__(self, context, detail: DeploymentDetail) -> None:
        self._studio = context.studio
        self._lifecycle = context.lifecycle
        self._id = detail.summary.deployment.id
        self._name = detail.summary.deployment.name
        with ui.element("div").classes("stack wide"):
            self._options = Section(self._show_options, lambda d: (d.options, possible(d.summary)))
            self._keys = Section(self._show_keys, lambda d: [(k.id, k.revoked_at) for k in d.keys])

    def show(self, detail: DeploymentDetail) -> None:
        self._options.show(detail)
        self._keys.show(detail)

    def _show_options(self, detail: DeploymentDetail) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Options").classes("h2")
                if Action.REDEPLOY in possible(detail.summary):
                    edit = Button("Change and redeploy", lambda: self._lifecycle.do(Action.REDEPLOY, detail.summary))
                    edit.classes("small")
            with ui.element("div").classes("card-body"), ui.element("dl").classes("facts"):
                for term, text in _option_words(detail):
                    with ui.element("dt"):
                        ui.label(term)
                    with ui.element("dd"):
                        ui.label(text).classes("keep mono" if term in MONO else "keep")

    def _show_keys(self, detail: DeploymentDetail) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Keys of callers").classes("h2")
                if detail.summary.deployment.undeployed_at is None:
                    Button("Create a key", self._create_key, symbol="key-round").classes("small")
            if not detail.options.require_key:
                hint = "Anybody who reaches the gateway may call it. Redeploy with “Callers need a key” to change that."
                ui.label(hint).classes("small fg3").style("padding: 12px 16px 0")
            if detail.keys:
                with ui.element("div").classes("list keys"), ui.element("div").classes("rows"):
                    for key in detail.keys:
                        self._show_key(key)
            else:
                empty_state("key-round", "No keys", "A key is shown once, when it is created; only its hash is kept.")

    def _show_key(self, key: DeploymentKey) -> None:
        with ui.element("div").classes("item"):
            ui.label(key.name).classes("strong breaks first")
            ui.label(f"{key.prefix}…").classes("mono fg2")
            with ui.element("div").classes("small fg3"):
                Moment(key.created_at)
            if key.revoked_at is None:
                Button("Revoke", lambda: self._ask_revoke(key), kind="quiet").classes("small")
            else:
                ui.label("Revoked").classes("small fg3")

    def _create_key(self) -> None:
        modal = Modal(f"A key for {self._name}", "Give it the name of who will use it.", width="narrow")
        with modal.body:
            errors = FormErrors()
            name = text_field("Name", placeholder="mobile app").mark("key-name")
            errors.belongs("name", name)

        async def create() -> None:
            try:
                _, key = await self._studio.deployments.create_key(self._id, name.value, by=me())
            except StudioError as error:
                errors.show(error)
                return
            modal.close()
            show_key_once(self._name, key)

        with modal.foot:
            modal.cancel_button()
            Button("Create", create, kind="primary").mark("create-key")
        modal.open()

    def _ask_revoke(self, key: DeploymentKey) -> None:
        async def revoke() -> None:
            await self._studio.deployments.revoke_key(self._id, key.id, by=me())
            say(f"The key {key.name} is revoked.")

        confirm(
            f"Revoke the key {key.name}?",
            f"Whoever calls {self._name} with it ({key.prefix}…) is refused from now on. This cannot be undone.",
            action="Revoke",
            do=revoke,
        )


def _recording_words(record: Recording) -> str:
    kept = " and ".join(name for name in ("inputs", "outputs") if getattr(record, name))
    if not kept:
        return "that it took place"
    without = f", without {', '.join(record.redact)}" if record.redact else ""
    return f"{kept}, for {record.days} {'day' if record.days == 1 else 'days'}{without}"


def _option_words(detail: DeploymentDetail) -> list[tuple[str, str]]:
    options, limits = detail.options, detail.options.limits
    sample = options.sample_input if options.sample_input is not None else detail.artifact.sample
    return [
        ("Channels", ", ".join(CHANNELS[channel] for channel in options.channels)),
        ("Callers need a key", "yes" if options.require_key else "no"),
        ("Environment", "\n".join(f"{name}={value}" for name, value in options.environment.items()) or "none"),
        ("Secrets", ", ".join(sorted({*options.secrets, *detail.artifact.secrets})) or "none"),
        ("Timeout", f"{limits.timeout_seconds:g} s"),
        ("Calls at once", f"{limits.max_concurrency:,}" if limits.max_concurrency else "no limit"),
        ("Calls a minute", f"{limits.rate_limit_per_minute:,}" if limits.rate_limit_per_minute else "no limit"),
        ("Latency limit", f"{options.latency_limit_ms:,.0f} ms" if options.latency_limit_ms else "no limit"),
        ("Sample calls", "every five minutes when nobody else calls it" if options.synthetic_check else "no"),
        ("Kept of each call", _recording_words(options.record)),
        ("Sample input", json.dumps(sample or {}, indent=2, ensure_ascii=False)),
    ]
