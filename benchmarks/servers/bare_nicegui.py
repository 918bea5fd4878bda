"""Baseline: the smallest NiceGUI page."""

import sys

from nicegui import ui


def root() -> None:
    ui.label("hello")


ui.run(root, host="127.0.0.1", port=int(sys.argv[1]), show=False, reload=False, show_welcome_message=False)
