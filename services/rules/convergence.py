"""Decides what brings what a gateway holds to what it should hold. Pure: the clock comes in, a decision goes out."""

from dataclasses import dataclass, field
from datetime import datetime

from nexdeck.models.control import DeploymentState
from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState, OperationKind

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds


def repair_for(deployment: Deployment, sha256: str | None, seen: DeploymentState | None) -> OperationKind | None:
    """The operation that the deployment needs, given what its gateway holds of it; None when all is as it should be.

    ``sha256`` is that of the live revision; of the deployment, which was not undeployed, three columns are enough. One
    that failed, or that is on its way, needs a person or is being seen to; neither is touched.
    """
    if deployment.desired_state is DesiredState.RUNNING:
        if deployment.status is not DeploymentStatus.RUNNING:
            return None
        live = seen.live if seen else None
        in_place = live is not None and (live.revision, live.sha256) == (deployment.live_revision, sha256)
        return None if in_place else OperationKind.START
    if deployment.desired_state is DesiredState.ABSENT:
        return OperationKind.UNDEPLOY
    is_stopped = seen is None and deployment.status is DeploymentStatus.STOPPED
    return None if is_stopped else OperationKind.STOP


def is_settled(changed_at: datetime, looked_at: datetime, now: datetime) -> bool:
    """Whether a probe tells more than the last change of a row: it came later.

    A change in the future was made before the clock was set back, and is older than any probe.
    """
    return changed_at < looked_at or changed_at > now


def has_remainder(deployment: Deployment, held: DeploymentState) -> bool:
    """Whether the gateway holds something of a deployment at rest that a failed rollout left behind."""
    if deployment.status is DeploymentStatus.FAILED:
        return True
    return deployment.status is DeploymentStatus.RUNNING and bool(held.loaded)


@dataclass
class Backoff:
    """When something that keeps failing may be tried again: after 2 s, then 4 s, and so on up to 300 s.

    Times are seconds of a monotonic clock: the time of day may jump.
    """

    _tries: dict[str, tuple[int, float]] = field(default_factory=dict)

    def may(self, key: str, now: float) -> bool:
        return key not in self._tries or now >= self._tries[key][1]

    def tried(self, key: str, now: float) -> None:
        count = self._tries[key][0] + 1 if key in self._tries else 0
        self._tries[key] = (count, now + min(FIRST_PAUSE * 2 ** min(count, 10), LONGEST_PAUSE))

    def settled(self, key: str) -> None:
        self._tries.pop(key, None)

    def soonest(self) -> float | None:
        """When the first of those that failed may be tried again."""
        return min((due for _, due in self._tries.values()), default=None)
