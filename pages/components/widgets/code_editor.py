"""An editor for code, bundled with NiceGUI and loaded only when it is shown."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

LANGUAGES = {"yaml": "YAML", "yml": "YAML", "py": "Python", "json": "JSON"}


def code_editor(
    value: str, suffix: str, label: str, *, height: int = 380, on_change: Callable[[Any], Any] | None = None
) -> ui.codemirror:
    """``suffix`` of the file's name, e.g. ``py``; ``height`` in pixels. code.css makes its one theme a dark one too."""
    editor = ui.codemirror(value, language=LANGUAGES.get(suffix), theme="githubLight", on_change=on_change, indent="  ")
    editor.classes("editor").style(f"--editor-height: {height}px").props["aria-label"] = label
    return editor
