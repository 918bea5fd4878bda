"""What is kept of each call: nothing but that it took place, unless somebody chose more here."""

from nicegui import ui

from nexdeck.models.option_table import label_of
from nexdeck.models.wire import Recording
from nexdeck.pages.components.widgets.fields import ErrorLine, fold, number_field, text_field

NOTE = (
    "That a call took place is always listed. What went in and came out is kept only if you choose it, on this "
    "Nexdeck's disk, without the fields that you name and without the secrets of the environment."
)


class RecordingForm(ErrorLine):
    def __init__(self, record: Recording) -> None:
        self._fold = fold(label_of("record"), record.inputs + record.outputs)
        with self._fold, ui.element("div").classes("stack full"):
            ui.label(NOTE).classes("small fg2")
            with ui.element("div").classes("options-line"):
                self._inputs = ui.switch("Keep inputs", value=record.inputs).mark("keep-inputs")
                self._outputs = ui.switch("Keep outputs", value=record.outputs).mark("keep-outputs")
            with ui.element("div").classes("fields"):
                hint = "By comma: a name at any depth, or a path like customer.card."
                self._redact = text_field(
                    label_of("record.redact"), ", ".join(record.redact), hint=hint, placeholder="password", mono=True
                )
                self._days = number_field(
                    label_of("record.days"), record.days, suffix="days", min=1, max=365, precision=0
                )
            self._build_error()

    def read(self) -> dict:
        return {
            "inputs": self._inputs.value,
            "outputs": self._outputs.value,
            "redact": [name.strip() for name in (self._redact.value or "").split(",") if name.strip()],
            "days": self._days.value,
        }
