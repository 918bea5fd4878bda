"""Which stretch of time a chart shows, in which steps, and which tier of rows tells it. Pure: the clock comes in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nexdeck.models.choices import Range
from nexdeck.models.metrics import Tier
from nexdeck.services.errors import Fault, InvalidInput

MOST_POINTS = 190
STEPS = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86_400, 7 * 86_400)  # seconds


@dataclass(frozen=True)
class Window:
    """Unix seconds, whole steps; the last step may still be going on."""

    since: int
    until: int
    step: int
    tier: Tier

    @property
    def starts(self) -> range:
        return range(self.since, self.until, self.step)


def window_of(span: Range, now: datetime) -> Window:
    return _window((now - span.span).timestamp(), now.timestamp(), now)


def window_between(since: datetime, until: datetime, now: datetime) -> Window:
    """For a zoom. Raises InvalidInput for an end that is not after its beginning."""
    if until <= since:
        raise InvalidInput("The end must be after the beginning.", errors=[Fault("until", "must be after `since`")])
    oldest = now - timedelta(seconds=Tier.DAY.kept_seconds)
    return _window(max(since, oldest).timestamp(), min(max(until, oldest), now).timestamp(), now)


def since_the_minute_of(since: datetime, now: datetime) -> Window:
    """One step from there until now, told by the finest rows: ``since`` must be within the time that they are kept."""
    first, last = int(since.timestamp()) // 60 * 60, int(now.timestamp()) // 60 * 60 + 60
    return Window(first, last, last - first, Tier.MINUTE)


def _window(since: float, until: float, now: datetime) -> Window:
    """The finest steps that are few enough, of rows that are still there."""
    finest = next(tier for tier in Tier if since >= now.timestamp() - tier.kept_seconds or tier is Tier.DAY)
    for step in STEPS:
        if step >= finest.seconds and (until - since) / step <= MOST_POINTS:
            break
    tier = max((tier for tier in Tier if tier.seconds <= step), key=lambda tier: tier.seconds)
    first = int(since) // step * step
    if step < 86_400 and since % step:
        first += step  # else the first step would be a part of one
    return Window(first, max(first + step, -int(-until // step) * step), step, tier)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
