"""One page of a long list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from nexdeck.services.errors import Fault, InvalidInput

T = TypeVar("T")
MAX_LIMIT = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    items: list[T]
    total: int
    offset: int
    limit: int

    @property
    def next_cursor(self) -> str | None:
        """What to pass as ``cursor`` for the following page; None on the last."""
        end = self.offset + len(self.items)
        return str(end) if self.items and end < self.total else None


def parse_cursor(cursor: str | None) -> int:
    """The offset that a cursor stands for. Raises InvalidInput for one that we did not hand out."""
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        message = "it is not a cursor of this list; take next_cursor from the page before, or leave it out"
        raise InvalidInput("The cursor is not valid.", errors=[Fault("cursor", message)])
    return int(cursor)
