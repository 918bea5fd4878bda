"""What stands around a list: segments, filter menus, sortable heads, and the way to further pages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from nicegui import ui

from nexdeck.pages.components.widgets.buttons import Button, menu_item
from nexdeck.pages.components.widgets.icons import icon, icon_source
from nexdeck.pages.notices import telling
from nexdeck.services.platform.paging import Page

Choose = Callable[[str], Awaitable[None]]


class Segments:
    """One choice of a few, each with how many there are where that is known."""

    def __init__(self, choices: Sequence[tuple[str, str]], choose: Choose, *, label: str = "Status") -> None:
        self._buttons: dict[str, ui.button] = {}
        self._counts: dict[str, ui.label] = {}
        with ui.element("div").classes("segments").props(f'role=group aria-label="{label}"'):
            for key, text in choices:
                with ui.button(color=None, on_click=telling(lambda key=key: choose(key))) as button:
                    ui.label(text)
                    self._counts[key] = ui.label().classes("count num")
                self._buttons[key] = button.props("flat no-caps no-wrap").mark(f"segment-{key or 'all'}")

    def show(self, chosen: str, counts: Mapping[str, int]) -> None:
        for key, button in self._buttons.items():
            button.classes(add="on" if key == chosen else None, remove=None if key == chosen else "on")
            button.props["aria-pressed"] = "true" if key == chosen else "false"
            self._counts[key].text = f"{counts[key]:,}" if key in counts else ""


class FilterMenu:
    """A button that tells the choice and opens the others."""

    def __init__(self, name: str, symbol: str, choose: Choose) -> None:
        self._name = name
        self._choose = choose
        self._button = Button(name, self._open, symbol=symbol).mark(f"filter-{name.lower()}")
        with self._button:
            icon("chevron-down", "fg3")
            self._menu = ui.menu().props("no-parent-event max-height=360px")
        self._options: dict[str, str] = {}
        self._chosen = ""

    def offer(self, options: Mapping[str, str]) -> None:
        self._options = dict(options)

    def show(self, chosen: str) -> None:
        self._chosen = chosen
        self._button.text = f"{self._name}: {self._options.get(chosen, chosen)}" if chosen else self._name

    def set_visibility(self, visible: bool) -> None:
        self._button.set_visibility(visible)

    def _open(self) -> None:
        self._menu.clear()
        with self._menu:
            for key, text in {"": f"Any {self._name.lower()}", **self._options}.items():
                item = menu_item("check", text, lambda key=key: self._choose(key))
                item.classes("" if key == self._chosen else "not-chosen")
        self._menu.open()


class SortHeader:
    """The heads of columns; those with a key sort, first one way and then the other."""

    def __init__(self, columns: Sequence[tuple[str, str, str]], choose: Choose) -> None:
        self._sort = ""
        self._choose = choose
        self._heads: dict[str, tuple[ui.element, ui.icon]] = {}
        with ui.element("div").classes("head"):
            for key, text, classes in columns:
                with ui.element("div").classes(classes):
                    if key:
                        self._sortable(key, text)
                    else:
                        ui.label(text)

    def _sortable(self, key: str, text: str) -> None:
        with ui.element("button").classes("sort").props("type=button").mark(f"sort-{key}") as head:
            ui.label(text)
            arrow = icon("chevron-down")
        head.on("click", telling(lambda: self._choose(f"-{key}" if self._sort == key else key)))
        self._heads[key] = (head, arrow)

    def show(self, sort: str) -> None:
        self._sort = sort
        for key, (head, arrow) in self._heads.items():
            on = sort.removeprefix("-") == key
            head.classes(add="on" if on else None, remove=None if on else "on")
            arrow.set_visibility(on)
            arrow.props["name"] = icon_source("chevron-down" if sort.startswith("-") else "chevron-up")


class Pager:
    """Which part of the list is shown, and the ways to the parts before and after; ``go`` gets a page's number."""

    def __init__(self, go: Choose) -> None:
        self._go = go
        self._page = 1
        with ui.element("div").classes("list-foot") as self._place:
            self._text = ui.label().classes("num grow")
            self._before = Button("Previous", lambda: self._go(str(self._page - 1) if self._page > 2 else ""))
            self._after = Button("Next", lambda: self._go(str(self._page + 1)))

    def show(self, page: Page) -> None:
        self._page = page.offset // page.limit + 1
        self._place.set_visibility(page.total > 0)
        if not page.items:
            self._text.text = f"none of {page.total:,} here"
        else:
            self._text.text = f"{page.offset + 1:,}–{page.offset + len(page.items):,} of {page.total:,}"
        for button, there in ((self._before, page.offset > 0), (self._after, page.next_cursor is not None)):
            button.set_enabled(there)
            button.set_visibility(page.total > page.limit)


def cursor_of(page: str, size: int) -> str | None:
    """The cursor of a page's number as an address has it; None for the first, and for what is no number."""
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
    return str((number - 1) * size) if number > 1 else None
