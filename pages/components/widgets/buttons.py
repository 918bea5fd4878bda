"""Buttons: one look, errors told, and busy for as long as their handler runs."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from nexdeck.pages.components.widgets.icons import icon, icon_source
from nexdeck.pages.notices import telling


class Button(ui.button):
    """``kind`` is primary, secondary, quiet or danger. A second press while the first is handled does nothing."""

    def __init__(
        self, text: str, on_press: Callable[[], Any], *, kind: str = "secondary", symbol: str | None = None
    ) -> None:
        super().__init__(text, color=None, icon=icon_source(symbol) if symbol else None)
        self.props("flat no-caps no-wrap").classes(f"btn {kind}")
        self._on_press = telling(on_press)
        self.on_click(self._press)

    async def _press(self) -> None:
        if "loading" in self.props:
            return
        self.props("loading")
        try:
            await self._on_press()
        finally:
            if not self.is_deleted:
                self.props(remove="loading")


def icon_button(symbol: str, label: str, on_press: Callable[[], Any], *, kind: str = "quiet") -> Button:
    """Just an icon; ``label`` is for the tooltip and for screen readers."""
    button = Button("", on_press, kind=kind, symbol=symbol).classes("square")
    button.props["aria-label"] = label
    button.props["title"] = label
    return button


def link_button(text: str, url: str, *, kind: str = "secondary", symbol: str | None = None) -> ui.button:
    """A link that looks like a button, so that it can be opened in another tab."""
    button = ui.button(text, color=None, icon=icon_source(symbol) if symbol else None)
    button.props("flat no-caps no-wrap").classes(f"btn {kind}")
    button.props["href"] = url
    return button


def menu_item(symbol: str, text: str, on_press: Callable[[], Any], *, danger: bool = False) -> ui.menu_item:
    with ui.menu_item(on_click=telling(on_press)).classes("danger" if danger else "") as item:
        icon(symbol)
        ui.label(text)
    return item
