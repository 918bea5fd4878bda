"""What is kept of a call's input and output: without the redacted fields, without secrets, and not too long."""

from collections.abc import Callable
from typing import Any

from nexdeck.app.gateway.ground import json_text
from nexdeck.app.gateway.ground.environment import MASK
from nexdeck.models.manifest import Recording

LONGEST = 64 * 1024  # characters that are kept of an input or an output
MOST_PARTS = 20_000  # values in one; going through more would hold up other callers


class _TooMuch(Exception):
    pass


class Recorder:
    """The recording of one revision. ``mask`` takes the values of its environment out of a text."""

    def __init__(self, recording: Recording, mask: Callable[[str], str]) -> None:
        self.recording = recording
        self._mask = mask
        self._names = frozenset(recording.redact)
        self._paths = frozenset(tuple(entry.split(".")) for entry in recording.redact if "." in entry)

    def text(self, value: Any) -> tuple[str | None, bool]:
        """The JSON text to keep (None when it is too much to look through), and whether it is not the whole truth."""
        clean = self._clean()
        try:
            kept = json_text.dump(clean.value(value, ())).decode()
        except (_TooMuch, RecursionError, json_text.NotJson):
            return None, True
        if len(kept) > LONGEST:
            return kept[:LONGEST], True
        return kept, clean.changed

    def redacted(self, value: Any) -> bytes:
        """The JSON of it, not cut; the mask alone when it is too much to look through."""
        try:
            return json_text.dump(self._clean().value(value, ()))
        except (_TooMuch, RecursionError, json_text.NotJson):
            return json_text.dump(MASK)

    def _clean(self) -> "_Clean":
        return _Clean(self._mask, self._names, self._paths)


class _Clean:
    """One walk through a JSON value."""

    def __init__(self, mask: Callable[[str], str], names: frozenset[str], paths: frozenset[tuple[str, ...]]) -> None:
        self._mask, self._names, self._paths = mask, names, paths
        self._parts = 0
        self.changed = False

    def value(self, value: Any, place: tuple[str, ...]) -> Any:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise _TooMuch
        if isinstance(value, dict):
            return {self._masked(name): self._field(name, item, place) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, place) for item in value]
        return value if value is None or isinstance(value, bool) else self._masked(value)

    def _field(self, name: str, item: Any, place: tuple[str, ...]) -> Any:
        place = (*place, name) if self._paths else ()
        if name in self._names or place in self._paths:
            self.changed = True
            return MASK
        return self.value(item, place)

    def _masked(self, value: Any) -> Any:
        """A text or a number, unless a secret is in it."""
        text = value if isinstance(value, str) else str(value)
        masked = self._mask(text)
        if masked == text:
            return value
        self.changed = True
        return masked
