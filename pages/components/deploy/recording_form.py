"""What is kept of each call: nothing but that it took place, unless somebody chose more here."""

from nicegui import ui

from nexdeck.models.manifest import Recording
from nexdeck.models.option_shape import Group
from nexdeck.models.option_table import BY_PATH
from nexdeck.pages.components.deploy.option_fields import number_option
from nexdeck.pages.components.widgets.fields import ErrorLine, fold, text_field

NOTE = (
    "That a call took place is always listed. What went in and came out is kept only if you choose it, on this "
    "Nexdeck's disk, without the fields that you name and without the secrets of the environment."
)


class RecordingForm(ErrorLine):
    def __init__(self, record: Recording) -> None:
        self._fold = fold(Group.RECORDING, record.inputs + record.outputs)
        with self._fold, ui.element("div").classes("stack full"):
            ui.label(NOTE).classes("small fg2")
            with ui.element("div").classes("options-line"):
                self._inputs = ui.switch("Keep inputs", value=record.inputs).mark("keep-inputs")
                self._outputs = ui.switch("Keep outputs", value=record.outputs).mark("keep-outputs")
            with ui.element("div").classes("fields"):
                redact = BY_PATH["record.redact"]
                self._redact = text_field(
                    redact.label,
                    ", ".join(record.redact),
                    hint=f"{redact.about} By comma.",
                    placeholder="password",
                    mono=True,
                )
                self._days = number_option("record.days", record.days)
            self._build_error()

    def read(self) -> dict:
        return {
            "inputs": self._inputs.value,
            "outputs": self._outputs.value,
            "redact": [name.strip() for name in (self._redact.value or "").split(",") if name.strip()],
            "days": self._days.value,
        }
