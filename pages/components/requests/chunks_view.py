"""An answer while it comes, piece by piece."""

import json
from typing import Any

from nicegui import ui

from nexdeck.pages.words import count_of

SHOWN_CHARACTERS = 50_000  # the last of them: what came first is in the whole answer at the end
EVERY_SECONDS = 0.1  # however fast the pieces come, the page is told no more often


class ChunksView:
    def __init__(self) -> None:
        self._text = ""
        self._count = 0
        self._shown = -1
        with ui.element("div").classes("line small fg2"):
            self._spinner = ui.spinner(size="14px")
            self._status = ui.label()
        with ui.element("div").classes("code wrap").style("--code-height: 420px"):
            self._place = ui.label().classes("mono keep pieces").mark("pieces-so-far")
        self._timer = ui.timer(EVERY_SECONDS, self._refresh)

    def add(self, piece: Any) -> None:
        self._count += 1
        addition = piece if isinstance(piece, str) else f"{json.dumps(piece, ensure_ascii=False)}\n"
        self._text = (self._text + addition)[-SHOWN_CHARACTERS:]

    def stop(self) -> None:
        self._refresh()
        self._timer.cancel()
        self._spinner.delete()

    def _refresh(self) -> None:
        if self._shown == self._count:
            return
        self._shown = self._count
        self._status.text = f"{count_of(self._count, 'piece')} so far" if self._count else "Waiting for the first piece"
        self._place.text = self._text
