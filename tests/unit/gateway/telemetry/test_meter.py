"""What is counted of calls, and for how long it is told."""

from pydantic import TypeAdapter

from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.telemetry.meter import Meter, RevisionMeter
from nexdeck.models.choices import Channel
from nexdeck.models.counters import Counters, RevisionCounters


def count(revision: RevisionMeter, status: int, code: str | None = None, tokens: Tokens | None = None) -> None:
    revision.began()
    revision.ended(Channel.API, status, code, 0.25, tokens or Tokens())


def test_each_call_is_counted_in_one_class():
    meter = Meter()
    revision = meter.for_revision("id", "a", 1)
    limit, stuck = "too_many_calls", "agent_stuck"
    answers = [(200, None), (422, "invalid_input"), (429, "rate_limited"), (503, limit), (503, stuck), (504, "timeout")]
    for status, code in [*answers, (499, None)]:
        count(revision, status, code)
    [counted] = meter.changed_after(0)[0]["channels"]
    assert (counted["client_errors"], counted["refused"], counted["errors"]) == (1, 2, 1)
    assert (counted["timeouts"], counted["cancelled"], counted["requests"]) == (1, 1, 7)
    assert (counted["latency_ms_sum"], counted["latency_ms_min"], counted["latency_ms_max"]) == (1750, 250, 250)
    assert sum(counted["buckets"].values()) == 7
    assert meter.totals()["id"] == Counters(requests=7, errors=2, latency_ms_sum=1750)


def test_what_changed_is_told_and_outlives_its_revision():
    meter = Meter()
    one, two = meter.for_revision("id", "a", 1), meter.for_revision("id", "a", 2)
    count(one, 200)
    seen = meter.position
    assert [counters["revision"] for counters in meter.changed_after(0)] == [1]
    assert meter.changed_after(seen) == []
    meter.retire("id", 2)
    count(two, 200)  # a call that ends after its revision was forgotten
    assert [counters["revision"] for counters in meter.changed_after(seen)] == [2]
    count(meter.for_revision("id", "a", 1), 500)  # loaded again, it goes on
    assert meter.changed_after(seen)[0]["channels"][0]["requests"] == 2


def test_what_is_saved_is_what_is_told():
    meter = Meter()
    revision = meter.for_revision("id", "a", 1)
    for status, code in ((200, None), (504, "timeout")):
        count(revision, status, code, Tokens(2**31 - 1, 5, 0.25))
        [counted], [told] = meter.counts(), meter.changed_after(0)
        assert TypeAdapter(RevisionCounters).validate_json(counted.text()) | {"in_flight": 0} == told


def test_a_call_has_no_more_tokens_than_the_control_plane_takes():
    tokens = Tokens()
    for _ in range(2):
        tokens.add({"input_tokens": 2**31 - 1, "output_tokens": None})
    assert (tokens.read, tokens.written) == (2**31 - 1, None)


def test_what_is_retired_is_bounded(monkeypatch):
    monkeypatch.setattr("nexdeck.app.gateway.telemetry.meter.MOST_RETIRED", 2)
    meter = Meter()
    for number in range(1, 6):
        count(meter.for_revision("id", "a", number), 200)
        meter.retire("id", number)
    assert [counters["revision"] for counters in meter.changed_after(0)] == [4, 5]
