"""Which control planes called lately: two of them on one gateway would undo each other's work, and are told so."""

import re
from collections.abc import Callable
from time import monotonic

from nexdeck.app.gateway.channels.access import Headers
from nexdeck.models.control import INSTALLATION_HEADER, INSTALLATION_PATTERN, Claimant

MOST = 8
_HEADER = INSTALLATION_HEADER.lower().encode()
_SANE = re.compile(INSTALLATION_PATTERN)


class Controllers:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}  # the latest last

    def note(self, headers: Headers) -> None:
        """Of a request that carried the control token. One that does not say who it is from is not kept."""
        name = dict(headers).get(_HEADER, b"").decode("latin-1")
        if not _SANE.fullmatch(name):
            return
        self._seen.pop(name, None)
        self._seen[name] = self._clock()
        while len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]

    def claimants(self) -> list[Claimant]:
        """The latest first."""
        now = self._clock()
        return [Claimant(installation=name, seconds_ago=now - at) for name, at in reversed(self._seen.items())]
