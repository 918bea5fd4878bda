"""The snippet or configuration with which a client reaches a deployment."""

from nicegui import ui

from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.docs.snippet_parts import Snippet
from nexdeck.services.docs.snippets import snippets


class ConnectPanel:
    """One client at a time; the choice is remembered for as long as the page is open."""

    def __init__(self, interface: CallerInterface) -> None:
        self._snippets = {snippet.client: snippet for snippet in snippets(interface)}
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Connect").classes("h2")
            with ui.element("div").classes("card-body stack"):
                with ui.element("div").classes("clients").props('role=group aria-label="Client"'):
                    self._buttons = {client: self._button(client) for client in self._snippets}
                self._place = ui.element("div").classes("full stack").mark("snippet")
        if self._snippets:
            self._choose(next(iter(self._snippets)))

    def _button(self, client: str) -> ui.button:
        button = ui.button(client, color=None, on_click=lambda: self._choose(client))
        return button.props("flat no-caps no-wrap").classes("client")

    def _choose(self, client: str) -> None:
        for name, button in self._buttons.items():
            button.classes(add="on" if name == client else None, remove=None if name == client else "on")
            button.props["aria-pressed"] = "true" if name == client else "false"
        self._place.clear()
        with self._place:
            _show(self._snippets[client])


def _show(snippet: Snippet) -> None:
    if snippet.note:
        ui.label(snippet.note).classes("small fg2 breaks")
    code_view(snippet.code, snippet.filename, height=460, wrap=True)
