"""A histogram that grows: the counts of all its keys in one array, which is added to, compared and packed in no time.

What is stored and read again is a ``models.histogram``; this is for the counts that a look at a gateway changes.
"""

from array import array
from collections.abc import Iterator, Mapping

PACKED = 128  # in the first byte of a packed one, which also tells how wide a count is
_NARROW = array("I").itemsize


class Steps:
    def __init__(self, buckets: Mapping[int, int] | None = None) -> None:
        self._first = 0
        self._counts = array("I")
        self._added = 0  # no count is larger: so nobody has to look for the largest
        self.add(buckets or {})

    def add(self, more: Mapping[int, int]) -> None:
        if more:
            self._added += sum(more.values())
            self._make_room(more, self._added)
            first, counts = self._first, self._counts
            for key, count in more.items():
                counts[key - first] += count

    def advance(self, counted: Mapping[int, int]) -> dict[int, int]:
        """Bring some of the counts to what they are by now. Returns what is new of each."""
        news: dict[int, int] = {}
        if counted:
            self._make_room(counted, max(counted.values()))
            first, counts = self._first, self._counts
            for key, count in counted.items():
                if (more := count - counts[key - first]) > 0:
                    counts[key - first] = count
                    news[key] = more
        return news

    def buckets(self) -> dict[int, int]:
        return {key: count for key, count in enumerate(self._counts, self._first) if count}

    def pack(self) -> bytes:
        """A byte that says so and how wide a count is, the first key in two, then the counts from that key on."""
        return bytes((PACKED + self._counts.itemsize, *self._first.to_bytes(2, "big"))) + self._counts.tobytes()

    def _make_room(self, keys: Mapping[int, int], most: int) -> None:
        """For counts of the keys up to ``most``."""
        if most >> 8 * self._counts.itemsize:
            self._counts = array("Q", self._counts)
        low, high = min(keys), max(keys)
        if not self._counts:
            self._first = low
        zero = bytes(self._counts.itemsize)
        if low < self._first:
            self._counts[:0] = array(self._counts.typecode, zero * (self._first - low))
            self._first = low
        if (missing := high + 1 - self._first - len(self._counts)) > 0:
            self._counts.frombytes(zero * missing)


def entries_of(packed: bytes) -> Iterator[tuple[int, int]]:
    """The keys and counts of a packed one; ``packed`` begins with more than ``PACKED``."""
    counts = array("I" if packed[0] - PACKED == _NARROW else "Q", packed[3:])
    return ((key, count) for key, count in enumerate(counts, int.from_bytes(packed[1:3], "big")) if count)
