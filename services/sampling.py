"""Which looks are kept as samples: each change, else one a minute, and fewer while all is well."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.deployment import HealthState

WELL = timedelta(minutes=5)
NOT_WELL = timedelta(minutes=1)


@dataclass
class Sampling:
    _last: dict[str, tuple[HealthState, datetime]] = field(default_factory=dict)

    def is_due(self, subject_id: str, state: HealthState, at: datetime) -> bool:
        last = self._last.get(subject_id)
        pause = WELL if state is HealthState.HEALTHY else NOT_WELL
        if last is not None and last[0] is state and at - last[1] < pause:
            return False
        self._last[subject_id] = (state, at)
        return True

    def forget(self, subject_id: str) -> None:
        self._last.pop(subject_id, None)
