"""The frame of every dialog: head, body, foot. It is gone from the page once it is closed."""

from collections.abc import Callable, Iterator

from nicegui import ui
from nicegui.element import Element

from nexdeck.pages.components.widgets.buttons import Button, icon_button

FIELDS = (ui.input, ui.number, ui.select)


class Modal:
    """Fill ``body`` and ``foot``, then ``open``. ``width`` is narrow, wide or nothing; a narrow one has no close icon.

    A dialog goes with the page below it; one that must be answered (``persistent``) stays when another page is opened.
    ``leave`` is called instead of closing by Escape, a click beside it, Cancel or the close icon.
    """

    def __init__(
        self,
        title: str,
        note: str = "",
        *,
        width: str = "",
        persistent: bool = False,
        leave: Callable[[], None] | None = None,
    ) -> None:
        with ui.context.client.content if persistent else page_element():
            self.dialog = ui.dialog()
        self.dialog.props["aria-label"] = title
        self._leave = leave or self.close
        if persistent or leave:
            self.dialog.props("persistent")
        if leave:
            self.dialog.on("shake", leave)  # what Quasar tells of Escape and of a click beside it
        self.dialog.on("hide", self.dialog.delete)
        with self.dialog, ui.element("div").classes(f"modal {width}"):
            with ui.element("div").classes("modal-head"):
                with ui.element("div").classes("stack tight"):
                    ui.label(title).classes("modal-title").props("role=heading aria-level=2")
                    if note:
                        ui.label(note).classes("small fg2 breaks")
                if width != "narrow" and not persistent:
                    icon_button("x", "Close", self._leave).classes("small")
            self.body = ui.element("div").classes("modal-body")
            self.foot = ui.element("div").classes("modal-foot")

    def when_shown(self, do: Callable[[], None]) -> None:
        """Once it stands in its place; before that the browser knows no sizes in it."""
        self.dialog.on("show", do)

    def open(self) -> None:
        """Its first field has the focus then, if it has fields; Enter in one presses the foot's primary button."""
        for child in _shown(self.body):
            if isinstance(child, FIELDS):
                child.props("autofocus")
                break
        self.dialog.open()

    def close(self) -> None:
        if not self.dialog.is_deleted:
            self.dialog.close()

    def cancel_button(self, text: str = "Cancel") -> Button:
        return Button(text, self._leave)


def page_element() -> Element:
    """Where dialogs belong: the page, not the row or menu that was pressed and may be redrawn meanwhile."""
    parent = ui.context.slot.parent
    around = [parent, *parent.ancestors()]
    return next((element for element in around if isinstance(element, ui.sub_pages)), parent)


def _shown(element: Element) -> Iterator[Element]:
    """All that is in it and not hidden, in the order of the page."""
    for child in element.default_slot.children:
        if child.visible:
            yield child
            yield from _shown(child)
