"""A ring of numbered items: the newest are kept, the oldest give way, and readers go on after the last they saw."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Slice(Generic[T]):
    """``items``: (number, item), oldest first; ``lost``: how many after the cursor the ring no longer holds."""

    items: list[tuple[int, T]]
    next_cursor: int
    lost: int


class Ring(Generic[T]):
    """Any thread may add and read. ``length`` gives the characters of an item, of which there may be ``most_text``.

    Where there are hundreds of thousands, the items should be plain tuples of texts and numbers. Those the garbage
    collector looks at once; through objects of any other kind it goes again and again, 0.3 s each time.
    """

    def __init__(self, capacity: int, most_text: int, length: Callable[[T], int]) -> None:
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._most_text = most_text
        self._length = length
        self._text = 0
        self.last = 0  # numbers are given out without a gap, so that of the last tells them all
        self._lock = threading.Lock()

    def add(self, item: T) -> int:
        """The number it got."""
        with self._lock:
            self.last += 1
            self._items.append(item)
            self._text += self._length(item)
            while len(self._items) > self._capacity or self._text > self._most_text:
                self._text -= self._length(self._items.popleft())
            return self.last

    def read(self, after: int, limit: int, most_text: int) -> Slice[T]:
        """At most ``limit`` items with at most that much text, but one at least if there is any."""
        with self._lock:
            oldest = self.last - len(self._items) + 1
            after = min(max(after, 0), self.last)
            skip = max(0, after + 1 - oldest)
            found = self._up_to(most_text, islice(self._items, skip, skip + limit))
        items = list(enumerate(found, start=oldest + skip))
        return Slice(items, items[-1][0] if items else after, max(0, oldest - after - 1))

    def _up_to(self, most_text: int, items: Iterable[T]) -> list[T]:
        found = []
        for item in items:
            most_text -= self._length(item)
            if found and most_text < 0:
                break
            found.append(item)
        return found
