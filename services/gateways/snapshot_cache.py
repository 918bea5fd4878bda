"""What each gateway told of itself at last, so that it is asked only for what changed since."""

from collections.abc import Sequence
from dataclasses import dataclass

from nexdeck.models.control import DeploymentState
from nexdeck.models.telemetry import CounterBatch, GatewayReport, Position


@dataclass(frozen=True)
class Remembered:
    """``number``: up to which of the gateway's changes, at that boot, its deployments are known."""

    boot_id: str = ""
    number: int = 0
    deployments: Sequence[DeploymentState] = ()

    def complete(self, report: GatewayReport) -> bool:
        """Add what an answer to a probe after this leaves out. Returns whether that is known here."""
        if report.held is None:
            return True
        known = {state.deployment_id: state for state in self.deployments} if report.boot_id == self.boot_id else {}
        known |= {state.deployment_id: state for state in report.deployments}
        if not known.keys() >= set(report.held):
            return False
        report.deployments = [known[deployment_id] for deployment_id in report.held]
        return True


class GatewayMemory:
    """By gateway; it outlives nothing: after a start the first probe asks for everything."""

    def __init__(self) -> None:
        self._remembered: dict[str, Remembered] = {}

    def of(self, gateway_id: str) -> Remembered:
        return self._remembered.get(gateway_id, NOTHING)

    def note(self, gateway_id: str, report: GatewayReport) -> None:
        """A complete one. Of two answers that crossed each other the later counts."""
        before = self.of(gateway_id)
        if before.boot_id != report.boot_id or before.number < report.number:
            self._remembered[gateway_id] = Remembered(report.boot_id, report.number, report.deployments)

    def forget(self, gateway_id: str) -> None:
        self._remembered.pop(gateway_id, None)


class Newest:
    """By gateway, where it tells it: up to where its lines go, and its calls."""

    def __init__(self) -> None:
        self.lines: dict[str, Position] = {}
        self.calls: dict[str, Position] = {}

    def note(self, gateway_id: str, batch: CounterBatch) -> None:
        for known, number in ((self.lines, batch.lines), (self.calls, batch.calls)):
            if number is None:
                known.pop(gateway_id, None)
            else:
                known[gateway_id] = Position(batch.boot_id, number)

    def forget(self, gateway_id: str) -> None:
        self.lines.pop(gateway_id, None)
        self.calls.pop(gateway_id, None)


NOTHING = Remembered()
