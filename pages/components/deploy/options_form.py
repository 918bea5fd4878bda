"""The options of a deployment as a form: what most people leave as it is lies folded."""

import json
from typing import Any

from nicegui import ui
from pydantic import ValidationError

from models.agent import AgentVersion
from models.deployment import DeploymentOptions
from pages.components.code_editor import code_editor
from pages.components.deploy.secrets_form import SecretsForm
from pages.components.deploy.variables_form import VariablesForm
from pages.components.fields import FormErrors, field, number_field
from pages.words import CHANNELS
from services.errors import Fault, InvalidInput
from services.studio import Studio


class OptionsForm:
    """``show_version`` whenever another version is chosen; ``read`` gives the options or raises InvalidInput."""

    def __init__(self, studio: Studio, options: DeploymentOptions, errors: FormErrors) -> None:
        self._options = options
        self._sample: dict[str, Any] = {}
        with field("Channels"), ui.element("div").classes("options-line"):
            self._channels = {
                channel: ui.checkbox(text, value=channel in options.channels).props("dense=false").mark(channel)
                for channel, text in CHANNELS.items()
            }
        self._key = ui.switch("Callers need a key", value=options.require_key).mark("require-key")
        self.secrets = SecretsForm(studio, options.secrets)
        with _fold("Environment variables", len(options.environment)):
            self._variables = VariablesForm(options.environment)
        with _fold("Limits", None), ui.element("div").classes("fields"):
            self._build_limits(errors)
        with _fold("Sample input", None) as self._sample_fold:
            hint = "Sent to each channel before the deployment counts as running."
            ui.label(hint).classes("tiny fg3")
            self._editor = code_editor("{}", "json", "Sample input", height=150).mark("sample-input")
            self._sample_error = ui.label().classes("tiny bad-text")

    def _build_limits(self, errors: FormErrors) -> None:
        limits = self._options.limits
        self._timeout = number_field("Timeout", limits.timeout_seconds, suffix="s", min=0.1, max=3600)
        self._concurrency = number_field("Calls at once", limits.max_concurrency, min=1, max=10_000, precision=0)
        rate = limits.rate_limit_per_minute
        self._rate = number_field("Calls a minute", rate, min=1, max=1_000_000, precision=0)
        errors.belongs("options.limits.timeout_seconds", self._timeout)
        errors.belongs("options.limits.max_concurrency", self._concurrency)
        errors.belongs("options.limits.rate_limit_per_minute", self._rate)

    async def show_version(self, version: AgentVersion) -> None:
        """Its sample, unless the deployment has one of its own, and the secrets it reads."""
        self._sample = version.sample or {}
        sample = self._options.sample_input or self._sample
        self._editor.set_value(json.dumps(sample, indent=2, ensure_ascii=False))
        await self.secrets.show_needed(version.secrets)

    def read(self) -> DeploymentOptions:
        channels = [channel for channel, box in self._channels.items() if box.value]
        if not channels:
            raise InvalidInput("Choose at least one channel.")
        try:
            return DeploymentOptions(
                channels=channels,
                require_key=self._key.value,
                environment=self._variables.read(),
                secrets=self.secrets.read(),
                limits={
                    "timeout_seconds": self._timeout.value,
                    "max_concurrency": self._concurrency.value,
                    "rate_limit_per_minute": self._rate.value,
                },
                sample_input=self._read_sample(),
            )
        except ValidationError as error:
            raise InvalidInput("An option is not valid.", errors=[_fault(e) for e in error.errors()]) from error

    def _read_sample(self) -> dict[str, Any] | None:
        """None when it is the version's own, so that it follows the version."""
        self._sample_error.text = ""
        try:
            sample = json.loads(self._editor.value or "{}")
        except ValueError as error:
            self._refuse_sample(f"This is not JSON: {error}.")
        if not isinstance(sample, dict):
            self._refuse_sample("It has to be an object: { … }.")
        return None if sample == self._sample else sample

    def _refuse_sample(self, message: str) -> None:
        self._sample_fold.set_value(True)
        self._sample_error.text = message
        raise InvalidInput("The sample input is not valid.", errors=[Fault("options.sample_input", message)])


def _fold(title: str, count: int | None) -> ui.expansion:
    return ui.expansion(f"{title} ({count})" if count else title).classes("fold")


def _fault(error: Any) -> Fault:
    path = ".".join(map(str, ("options", *error["loc"])))
    return Fault(path, str(error["msg"]).removeprefix("Value error, "))
