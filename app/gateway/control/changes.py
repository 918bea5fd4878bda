"""Which deployments changed since an earlier probe: the cost of a probe goes by what changed on the gateway."""

from collections.abc import Sequence

from nexdeck.models.control import DeploymentState

NOT_NEWS = {"counters": True, "live": {"in_flight"}, "loaded": {"__all__": {"in_flight"}}}


class ChangeTracker:
    def __init__(self) -> None:
        self.number = 0  # grows with every change, so that a probe can ask for what changed since the one before
        self._seen: dict[str, tuple[str, int]] = {}

    def changed_after(self, number: int, states: Sequence[DeploymentState]) -> list[DeploymentState]:
        """Of all present deployments those that changed after that number. What each call changes is no news."""
        seen = {}
        for state in states:
            text = state.model_dump_json(exclude=NOT_NEWS)
            before = self._seen.get(state.deployment_id)
            if before is None or before[0] != text:
                self.number += 1
                before = (text, self.number)
            seen[state.deployment_id] = before
        self._seen = seen
        return [state for state in states if seen[state.deployment_id][1] > number]
