"""What just changed, for those who watch: pages subscribe, services send. In process, and only ids travel."""

from blinker import Signal


class Changes:
    """``changes.deployment.connect(receiver, weak=False)``; it is called as ``receiver(id)`` on the event loop.

    A receiver must not block: it notes the id and reads the row when it gets to it.
    """

    def __init__(self) -> None:
        self.agent = Signal("an agent or one of its versions was added or removed: agent id")
        self.gateway = Signal("a gateway was added, removed, seen or lost: gateway id")
        self.calls = Signal("calls of a deployment were collected: deployment id")
        self.deployment = Signal("a deployment's row, or a step of its operation, changed: deployment id")
        self.metrics = Signal("more calls of a deployment were counted, so its totals grew: deployment id")
        self.health = Signal("health, a pause or planned work changed: id of the gateway or deployment")
        self.incident = Signal("an incident was opened, went on or was closed, its rows committed: incident id")
        self.notice = Signal("a channel was changed, or a delivery of it went on: channel id")
