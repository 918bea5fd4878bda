"""Which looks are kept as samples: each change, else one a minute, and fewer while all is well."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nexdeck.models.deployment import HealthState

WELL = timedelta(minutes=5)
NOT_WELL = timedelta(minutes=1)


def turn_of(at: datetime, pause: timedelta = WELL) -> int:
    """One look in each turn is kept, of all subjects in the same look."""
    return int(at.timestamp() // pause.total_seconds())


@dataclass
class Sampling:
    _last: dict[str, tuple[HealthState, int]] = field(default_factory=dict)

    def is_due(self, subject_id: str, state: HealthState, at: datetime) -> bool:
        turn = (state, turn_of(at, WELL if state is HealthState.HEALTHY else NOT_WELL))
        if self._last.get(subject_id) == turn:
            return False
        self._last[subject_id] = turn
        return True
