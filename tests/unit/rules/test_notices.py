"""Who is told of what, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from nexdeck.models.health import Severity
from nexdeck.models.notification import ChannelRule, NoticeChoice, NoticeEvent, QuietHours
from nexdeck.services.rules.notices import PAUSES, concerns, due, next_attempt, quiet_until, wants

NIGHT = QuietHours(start="22:00", end="07:00", time_zone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-01-10T20:59", None),  # 21:59 in Berlin
        ("2026-01-10T21:00", "2026-01-11T06:00"),
        ("2026-01-11T05:59", "2026-01-11T06:00"),
        ("2026-01-11T06:00", None),
        ("2026-07-10T20:00", "2026-07-11T05:00"),  # summer time
        ("2026-03-28T23:30", "2026-03-29T05:00"),  # the night in which an hour is left out
    ],
)
def test_quiet_hours_follow_the_clock_of_their_zone(moment: str, end: str | None) -> None:
    assert quiet_until(NIGHT, at(moment)) == (end and at(end))


def test_quiet_hours_within_a_day_and_of_no_length() -> None:
    lunch = QuietHours(start="12:00", end="13:00")
    assert quiet_until(lunch, at("2026-01-10T12:30")) == at("2026-01-10T13:00")
    assert quiet_until(lunch, at("2026-01-10T13:00")) is None
    assert quiet_until(QuietHours(start="12:00", end="12:00"), at("2026-01-10T12:00")) is None


def test_what_is_critical_comes_through_at_night_and_the_rest_waits_for_the_morning() -> None:
    rule, night = ChannelRule(quiet_hours=NIGHT), at("2026-01-11T01:00")
    assert due(rule, Severity.CRITICAL, night) == night
    assert due(rule, Severity.WARNING, night) == at("2026-01-11T06:00")
    assert due(ChannelRule(), Severity.WARNING, night) == night


def test_who_was_called_is_called_off_however_mild_it_is_by_then() -> None:
    rule = ChannelRule(minimum_severity=Severity.CRITICAL)
    assert not wants(rule, NoticeEvent.OPENED, Severity.WARNING, told_before=False)
    assert wants(rule, NoticeEvent.CHANGED, Severity.CRITICAL, told_before=False)
    assert wants(rule, NoticeEvent.RECOVERED, Severity.WARNING, told_before=True)
    assert not wants(rule, NoticeEvent.RECOVERED, Severity.WARNING, told_before=False)


def test_only_the_chosen_events() -> None:
    rule = ChannelRule(events=[NoticeChoice.OPENED])
    told = [e for e in NoticeEvent if wants(rule, e, Severity.CRITICAL, told_before=True) and e is not NoticeEvent.TEST]
    assert told == [NoticeEvent.OPENED, NoticeEvent.CHANGED, NoticeEvent.FLAPPING]


def test_only_the_chosen_gateways_and_deployments() -> None:
    assert concerns(ChannelRule(), "gtw_1", set())
    rule = ChannelRule(gateways=["gtw_1"], deployments=["dep_9"])
    assert concerns(rule, "gtw_1", {"dep_1"})
    assert concerns(rule, "gtw_2", {"dep_1", "dep_9"})
    assert not concerns(rule, "gtw_2", {"dep_1"})


def test_attempts_get_rarer_and_end() -> None:
    now = at("2026-01-11T06:00")
    assert [next_attempt(n + 1, now) - now for n in range(len(PAUSES))] == [timedelta(seconds=s) for s in PAUSES]
    assert next_attempt(len(PAUSES) + 1, now) is None


@pytest.mark.parametrize("hours", [{"start": "24:00"}, {"end": "7"}, {"time_zone": "../etc/passwd"}])
def test_hours_that_are_none_are_refused(hours: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        QuietHours(**({"start": "22:00", "end": "07:00"} | hours))
