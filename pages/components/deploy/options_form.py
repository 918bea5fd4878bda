"""The options of a deployment as a form: what most people leave as it is lies folded."""

from typing import Any

from nicegui import ui
from pydantic import ValidationError

from nexdeck.models.agent import AgentVersion
from nexdeck.models.option_table import label_of
from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.components.deploy.canary_form import CanaryForm
from nexdeck.pages.components.deploy.recording_form import RecordingForm
from nexdeck.pages.components.deploy.sample_form import SampleForm
from nexdeck.pages.components.deploy.secrets_form import SecretsForm
from nexdeck.pages.components.deploy.variables_form import VariablesForm
from nexdeck.pages.components.widgets.fields import FormErrors, field, fold, number_field
from nexdeck.pages.words import CHANNELS
from nexdeck.services.errors import Fault, InvalidInput
from nexdeck.services.studio import Studio


class OptionsForm:
    """``show_version`` whenever another version is chosen; ``read`` gives the options or raises InvalidInput."""

    def __init__(self, studio: Studio, options: DeploymentOptions, errors: FormErrors) -> None:
        self._options = options
        with field(label_of("channels"), group=True), ui.element("div").classes("options-line"):
            self._channels = {
                channel: ui.checkbox(text, value=channel in options.channels).props("dense=false").mark(channel)
                for channel, text in CHANNELS.items()
            }
        self._key = ui.switch(label_of("require_key"), value=options.require_key).mark("require-key")
        self.secrets = SecretsForm(studio, options.secrets)
        with ui.element("div").classes("folds"):
            self.secrets.build_choice()
            self._variables = VariablesForm(options.environment, options.inherit_environment)
            with fold("Limits"), ui.element("div").classes("fields"):
                self._build_limits(errors)
            self._canary = CanaryForm(options.canary, errors)
            with fold("Health"):
                self._build_health(errors)
            self._record = RecordingForm(options.record)
            self._sample = SampleForm()
        errors.belongs("options.secrets", self.secrets)
        errors.belongs("options.environment", self._variables)
        errors.belongs("options.inherit_environment", self._variables)
        errors.belongs("options.record", self._record)
        errors.belongs("options.sample_input", self._sample)

    def _build_limits(self, errors: FormErrors) -> None:
        limits = self._options.limits
        self._timeout = number_field(
            label_of("limits.timeout_seconds"), limits.timeout_seconds, suffix="s", min=0.1, max=3600
        )
        self._concurrency = number_field(
            label_of("limits.max_concurrency"), limits.max_concurrency, min=1, max=10_000, precision=0
        )
        rate = limits.rate_limit_per_minute
        self._rate = number_field(label_of("limits.rate_limit_per_minute"), rate, min=1, max=1_000_000, precision=0)
        errors.belongs("options.limits.timeout_seconds", self._timeout)
        errors.belongs("options.limits.max_concurrency", self._concurrency)
        errors.belongs("options.limits.rate_limit_per_minute", self._rate)

    def _build_health(self, errors: FormErrors) -> None:
        with ui.element("div").classes("fields"):
            limit, hint = self._options.latency_limit_ms, "Degraded when one call in twenty takes longer."
            self._latency = number_field(
                label_of("latency_limit_ms"), limit, hint=hint, suffix="ms", min=1, max=3_600_000
            )
        on = self._options.synthetic_check
        self._synthetic = ui.switch("Call it with the sample input when nobody else does", value=on).mark("synthetic")
        note = "Every five minutes. Each call costs what a call of yours costs: with a language model, tokens."
        ui.label(note).classes("tiny fg3")
        errors.belongs("options.latency_limit_ms", self._latency)

    async def show_version(self, version: AgentVersion) -> None:
        """Its sample, unless the deployment has one of its own, and the secrets it reads."""
        self._sample.show(version.sample or {}, self._options.sample_input)
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
                inherit_environment=self._variables.read_inherited(),
                secrets=self.secrets.read(),
                limits={
                    "timeout_seconds": self._timeout.value,
                    "max_concurrency": self._concurrency.value,
                    "rate_limit_per_minute": self._rate.value,
                },
                record=self._record.read(),
                sample_input=self._sample.read(),
                canary=self._canary.read(),
                latency_limit_ms=self._latency.value,
                synthetic_check=self._synthetic.value,
            )
        except ValidationError as error:
            raise InvalidInput("An option is not valid.", errors=[_fault(e) for e in error.errors()]) from error


def _fault(error: Any) -> Fault:
    path = ".".join(map(str, ("options", *error["loc"])))
    return Fault(path, str(error["msg"]).removeprefix("Value error, "))
