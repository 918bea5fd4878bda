"""Code as it is, coloured on the server: pygments escapes every character, so no code becomes markup."""

import re
from collections.abc import Iterator
from functools import lru_cache

from nicegui import ui
from pygments import highlight
from pygments.filter import simplefilter
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import Text

from nexdeck.pages.components.widgets.buttons import icon_button
from nexdeck.pages.components.widgets.copy_button import CopyButton

LEXERS = {
    "py": "python",
    "yaml": "yaml",
    "yml": "yaml",
    "json": "json",
    "sh": "bash",
    "mjs": "javascript",
    "diff": "diff",
}
COMMANDS = "sh"


def code_view(code: str, filename: str, *, height: int = 560, download: bool = False, wrap: bool = False) -> None:
    """``filename`` stands above it, its suffix tells the language; ``download`` offers the exact text as that file."""
    with ui.element("div").classes("code wrap" if wrap else "code").style(f"--code-height: {height}px"):
        with ui.element("div").classes("code-head"):
            ui.label(filename).classes("mono fg2 grow cut")
            if download:
                icon_button(
                    "download", f"Download {filename}", lambda: ui.download.content(code.encode(), filename)
                ).classes("small")
            CopyButton(code, "Copy the code")
        # not sanitized in the browser because what comes from ``coloured`` holds only pygments' own spans
        ui.html(coloured(code, filename.rpartition(".")[2]), sanitize=False, tag="pre").props("tabindex=0")


@lru_cache(maxsize=64)
def coloured(code: str, suffix: str) -> str:
    """HTML of the code: escaped text in spans with pygments' class names, those of commands in unbroken words."""
    lexer = get_lexer_by_name(LEXERS.get(suffix, "text"), stripnl=False, ensurenl=False)
    if suffix != COMMANDS:
        return highlight(code, lexer, HtmlFormatter(nowrap=True))
    lexer.add_filter(_spaces_apart())
    return unbroken(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def unbroken(html: str) -> str:
    """HTML whose lines wrap at spaces alone, never within an option or an address. No tag may reach over a space."""
    return re.sub(r"(?:<[^>]*>|[^<\s])+", r'<span class="word">\g<0></span>', html)


@simplefilter
def _spaces_apart(self, lexer, stream, options) -> Iterator[tuple]:
    """Spaces become tokens that get no tag, and end the one before them."""
    for kind, text in stream:
        for part in re.split(r"(\s+)", text):
            if part:
                yield (Text if part.isspace() else kind), part
