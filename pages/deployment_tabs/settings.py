"""The options of the newest revision, and the keys that callers use."""

import json

from nicegui import ui

from models.wire import Recording
from pages.components.buttons import Button
from pages.components.keys_card import KeysCard
from pages.components.lifecycle_buttons import Action, possible
from pages.components.section import Section
from pages.words import CHANNELS
from services.deployment_views import DeploymentDetail

MONO = ("Environment", "Secrets", "Sample input")
NONE = "none"


class SettingsTab:
    def __init__(self, context, detail: DeploymentDetail) -> None:
        self._studio = context.studio
        self._lifecycle = context.lifecycle
        self._id = detail.summary.deployment.id
        self._name = detail.summary.deployment.name
        with ui.element("div").classes("stack wide"):
            self._options = Section(self._show_options, lambda d: (d.options, possible(d.summary)))
            keys = KeysCard(self._studio, self._id, self._name)
            self._keys = Section(keys.build, keys.state)

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
                        ui.label(text).classes("keep mono" if term in MONO and text != NONE else "keep")


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
        ("Environment", "\n".join(f"{name}={value}" for name, value in options.environment.items()) or NONE),
        ("Secrets", ", ".join(sorted({*options.secrets, *detail.artifact.secrets})) or NONE),
        ("Timeout", f"{limits.timeout_seconds:g} s"),
        ("Calls at once", f"{limits.max_concurrency:,}" if limits.max_concurrency else "no limit"),
        ("Calls a minute", f"{limits.rate_limit_per_minute:,}" if limits.rate_limit_per_minute else "no limit"),
        ("Latency limit", f"{options.latency_limit_ms:,.0f} ms" if options.latency_limit_ms else "no limit"),
        ("Sample calls", "every five minutes when nobody else calls it" if options.synthetic_check else "no"),
        ("Kept of each call", _recording_words(options.record)),
        ("Sample input", json.dumps(sample or {}, indent=2, ensure_ascii=False)),
    ]
