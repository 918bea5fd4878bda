"""The input that proves a deployment live: the version's own sample, or another one."""

import json
from typing import Any

from nicegui import ui

from nexdeck.models.option_shape import Group
from nexdeck.models.option_table import label_of
from nexdeck.pages.components.widgets.code_editor import code_editor
from nexdeck.pages.components.widgets.fields import ErrorLine, fold
from nexdeck.services.errors import Fault, InvalidInput


class SampleForm(ErrorLine):
    def __init__(self) -> None:
        self._of_version: dict[str, Any] = {}
        with fold(Group.SAMPLE) as self._fold:
            ui.label("Sent to each channel before the deployment counts as running.").classes("tiny fg3")
            self._editor = code_editor("{}", "json", label_of("sample_input"), height=150).mark("sample-input")
            self._build_error()

    def show(self, of_version: dict[str, Any], own: dict[str, Any] | None) -> None:
        self._of_version = of_version
        self._editor.set_value(json.dumps(own or of_version, indent=2, ensure_ascii=False))

    def read(self) -> dict[str, Any] | None:
        """None when it is the version's own, so that it follows the version. Raises InvalidInput."""
        try:
            sample = json.loads(self._editor.value or "{}")
        except ValueError as error:
            raise _invalid(f"This is not JSON: {error}.") from None
        if not isinstance(sample, dict):
            raise _invalid("It has to be an object: { … }.")
        return None if sample == self._of_version else sample


def _invalid(message: str) -> InvalidInput:
    return InvalidInput("The sample input is not valid.", errors=[Fault("options.sample_input", message)])
