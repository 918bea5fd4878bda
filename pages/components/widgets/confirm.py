"""Asks before anything is lost: what will happen, exactly, and a button that names it."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.modal import Modal


def confirm(title: str, *consequences: str, action: str, do: Callable[[], Any], danger: bool = True) -> None:
    """Open the question. ``do`` runs when ``action`` is pressed; the dialog closes when it has succeeded.

    Enter answers it, but where something is lost it takes the way back.
    """
    modal = Modal(title, width="narrow")

    async def run() -> None:
        await do()
        modal.close()

    with modal.body:
        for consequence in consequences:
            ui.label(consequence).classes("small fg2 breaks")
    with modal.foot:
        way_back = modal.cancel_button()
        way_on = Button(action, run, kind="danger" if danger else "primary").mark("confirm")
        (way_back if danger else way_on).props("autofocus")
    modal.open()
