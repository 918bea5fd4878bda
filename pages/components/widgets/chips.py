"""Small coloured words for states."""

from nicegui import ui

from nexdeck.models.manifest import AgentKind
from nexdeck.pages.words import KINDS, StatusStyle


class Chip(ui.label):
    """A state; ``show`` changes it in place."""

    def __init__(self, look: StatusStyle, reason: str | None = None) -> None:
        super().__init__()
        self._look_classes = ""
        self.show(look, reason)

    def show(self, look: StatusStyle, reason: str | None = None) -> None:
        """``reason`` is told when the pointer rests on it."""
        self.text = look.text
        self.classes(remove=self._look_classes, add=look.classes)
        self._look_classes = look.classes
        self.props["title"] = reason or None


def kind_tag(kind: AgentKind) -> ui.label:
    return ui.label(KINDS[kind]).classes("tag")
