"""A button that copies a text in the browser itself, without asking the server."""

from nicegui import ui

from nexdeck.pages.assets import asset_url


class CopyButton(ui.element, component="../../static/js/copy_button.js"):
    def __init__(self, text: str, label: str = "Copy", *, caption: str | None = None) -> None:
        """``label`` is for the tooltip and for screen readers, ``caption`` is shown beside the icon."""
        super().__init__()
        self.props["label"] = label
        self.props["caption"] = caption
        self.props["icons"] = asset_url("icons/icons.svg")
        self.copies(text)

    def copies(self, text: str) -> None:
        self.props["text"] = text
