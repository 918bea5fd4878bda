"""Which gateways of our own are on their way up: for a while, that they do not answer yet is no fault of theirs."""

import time

PATIENCE_SECONDS = 20.0  # a start takes 2 to 5 s; on a busy machine some more


class StartupGrace:
    """Somebody asked for the start. ``patience_seconds`` run from there on: a process that dies gets no more."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._since: dict[str, float] = {}
        self._asked_for: dict[str, str] = {}

    def begin(self, gateway_id: str) -> None:
        """Its process is being started."""
        self._since.setdefault(gateway_id, time.monotonic())

    def answers(self, gateway_id: str, boot_id: str, *, is_ready: bool) -> None:
        if gateway_id in self._since:
            self._asked_for[gateway_id] = boot_id
            if is_ready:
                self.end(gateway_id)

    def end(self, gateway_id: str) -> None:
        """Nobody waits for it any more."""
        self._since.pop(gateway_id, None)

    def was_asked_for(self, gateway_id: str, boot_id: str) -> bool:
        """Whether that boot of it came of a start that somebody asked for."""
        return self._asked_for.get(gateway_id) == boot_id

    def excuses(self, gateway_id: str) -> bool:
        since = self._since.get(gateway_id)
        return since is not None and time.monotonic() - since < self._patience
