"""Reads an answer in server-sent events, as a gateway writes them: a name and one line of JSON each."""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StreamEvent:
    """``name`` is chunk, result or error."""

    name: str
    data: Any


class EventReader:
    """Takes the bytes as they come, however they were cut."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, content: bytes) -> Iterator[StreamEvent]:
        """The events that are whole now; what is no event of ours is passed over."""
        *whole, self._rest = (self._rest + self._decoder.decode(content)).split("\n\n")
        for text in whole:
            fields = dict(line.partition(": ")[::2] for line in text.splitlines())
            try:
                yield StreamEvent(fields["event"], json.loads(fields["data"]))
            except (KeyError, ValueError, RecursionError):
                continue


def events_in(text: str) -> list[StreamEvent]:
    return list(EventReader().feed(text.encode()))
