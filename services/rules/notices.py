"""What a channel is told, and when."""

from datetime import UTC, date, datetime, time, timedelta

from nexdeck.models.health import Severity
from nexdeck.models.notification import ChannelRule, NoticeEvent, QuietHours

# seconds after the first, second … failed attempt; after the last one a delivery is given up, a day after its event
PAUSES = (10, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
_RANK = {Severity.WARNING: 0, Severity.CRITICAL: 1}


def concerns(rule: ChannelRule, gateway_id: str, deployment_ids: set[str]) -> bool:
    """Whether an incident of that gateway, which affects those deployments, is one that the channel asked for."""
    if not rule.gateways and not rule.deployments:
        return True
    return gateway_id in rule.gateways or not deployment_ids.isdisjoint(rule.deployments)


def wants(rule: ChannelRule, event: NoticeEvent, severity: Severity, *, told_before: bool) -> bool:
    """``told_before``: the channel heard of the incident already. Then it also hears of its end, however mild it is
    by then: who was called should be called off."""
    if event.choice not in rule.events:
        return False
    return _RANK[severity] >= _RANK[rule.minimum_severity] or told_before


def due(rule: ChannelRule, severity: Severity, now: datetime) -> datetime:
    """When to tell it: now, unless these are quiet hours and it is not critical; then at their end."""
    if severity is Severity.CRITICAL or rule.quiet_hours is None:
        return now
    return quiet_until(rule.quiet_hours, now) or now


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """The end of the quiet hours that ``now`` is in, None when it is in none. Hours of equal start and end are none."""
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    today = now.astimezone(hours.zone).date()
    for day in (today - timedelta(days=1), today):
        last_day = day if start < end else day + timedelta(days=1)
        begins, ends = _moment(hours, day, start), _moment(hours, last_day, end)
        if start != end and begins <= now < ends:
            return ends
    return None


def _moment(hours: QuietHours, day: date, at: time) -> datetime:
    return datetime.combine(day, at, hours.zone).astimezone(UTC)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after that many failed attempts; None: give up."""
    return now + timedelta(seconds=PAUSES[attempts - 1]) if attempts <= len(PAUSES) else None
