"""A histogram that grows: the counts of all its keys in one array, which is added to, compared and packed in no time.

What is stored and read again is a ``models.histogram``; this is for the counts that a probe of a gateway changes.
"""

from array import array
from collections.abc import Iterator, Mapping

PACKED = 128  # in the first byte of a packed one, which also tells how wide a count is
_KINDS = {array(kind).itemsize: kind for kind in "HIQ"}  # of arrays, by how many bytes a count takes


class HistogramAccumulator:
    """There is room for the keys from ``_first`` on, before ``_end``, and for counts up to ``_most``."""

    __slots__ = ("_added", "_counts", "_end", "_first", "_head", "_most")  # in one place: there are thousands of them

    def __init__(self, buckets: Mapping[int, int] | None = None) -> None:
        self._counts, self._most = array("H"), 2**16 - 1
        self._first = self._end = 0
        self._head = _head(self._counts, 0)
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
        return self._head + self._counts.tobytes()

    def _make_room(self, keys: Mapping[int, int], most: int) -> None:
        """For counts of the keys up to ``most``."""
        low, high = min(keys), max(keys)
        if low < self._first or high >= self._end or most > self._most:
            self._grow(low, high, most)

    def _grow(self, low: int, high: int, most: int) -> None:
        if most > self._most:
            size = next((size for size in _KINDS if most < 256**size), max(_KINDS))
            self._counts, self._most = array(_KINDS[size], self._counts), 256**size - 1
        if not self._counts:
            self._first = self._end = low
        kind, zero = self._counts.typecode, bytes(self._counts.itemsize)
        first, end = min(low, self._first), max(high + 1, self._end)
        before, after = (array(kind, zero * more) for more in (self._first - first, end - self._end))
        self._counts, self._first, self._end = before + self._counts + after, first, end
        self._head = _head(self._counts, first)


def _head(counts: array, first: int) -> bytes:
    return bytes((PACKED + counts.itemsize, *first.to_bytes(2, "big")))


def entries_of(packed: bytes) -> Iterator[tuple[int, int]]:
    """The keys and counts of a packed one; ``packed`` begins with more than ``PACKED``."""
    counts = array(_KINDS[packed[0] - PACKED], packed[3:])
    return ((key, count) for key, count in enumerate(counts, int.from_bytes(packed[1:3], "big")) if count)
