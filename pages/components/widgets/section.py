"""A part of a live page that is built anew only when what it shows has changed."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from nicegui import ui

T = TypeVar("T")


class Section(Generic[T]):
    """``build(data)`` draws inside; ``key(data)`` names everything that it draws of ``data``."""

    def __init__(self, build: Callable[[T], None], key: Callable[[T], Any], *, classes: str = "full") -> None:
        self._build = build
        self._key = key
        self._shown: Any = self  # equal to no key
        self.element = ui.element("div").classes(classes)

    def show(self, data: T) -> None:
        key = self._key(data)
        if key == self._shown or self.element.is_deleted:
            return
        self._shown = key
        self.element.clear()
        with self.element:
            self._build(data)
