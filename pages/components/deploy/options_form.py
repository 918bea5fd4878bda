"""The options of a deployment as a form: what most people leave as it is lies folded."""

from typing import Any

from nicegui import ui
from pydantic import ValidationError

from nexdeck.models.agent import AgentVersion
from nexdeck.models.option_shape import Group
from nexdeck.models.option_table import label_of
from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.components.deploy.canary_form import CanaryForm
from nexdeck.pages.components.deploy.option_fields import GroupFields
from nexdeck.pages.components.deploy.recording_form import RecordingForm
from nexdeck.pages.components.deploy.sample_form import SampleForm
from nexdeck.pages.components.deploy.secrets_form import SecretsForm
from nexdeck.pages.components.deploy.variables_form import VariablesForm
from nexdeck.pages.components.widgets.fields import FormErrors, field, fold
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
            with fold(Group.LIMITS):
                self._limits = GroupFields(Group.LIMITS, options, errors)
            self._canary = CanaryForm(options.canary, errors)
            with fold(Group.HEALTH):
                self._health = GroupFields(Group.HEALTH, options, errors)
                note = "Every five minutes. Each call costs what a call of yours costs: with a language model, tokens."
                ui.label(note).classes("tiny fg3")
            self._record = RecordingForm(options.record)
            self._sample = SampleForm()
        errors.belongs("options.secrets", self.secrets)
        errors.belongs("options.environment", self._variables)
        errors.belongs("options.inherit_environment", self._variables)
        errors.belongs("options.record", self._record)
        errors.belongs("options.sample_input", self._sample)

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
                record=self._record.read(),
                sample_input=self._sample.read(),
                canary=self._canary.read(),
                **self._limits.read(),
                **self._health.read(),
            )
        except ValidationError as error:
            raise InvalidInput("An option is not valid.", errors=[_fault(e) for e in error.errors()]) from error


def _fault(error: Any) -> Fault:
    path = ".".join(map(str, ("options", *error["loc"])))
    return Fault(path, str(error["msg"]).removeprefix("Value error, "))
