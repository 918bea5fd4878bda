"""When a canary gets all callers, and when none."""

import pytest

from nexdeck.services.rules.canary import CanaryVerdict, Figures, judge

LIVE = Figures(calls=900, errors=9, p95_ms=100)
WAIT, PROMOTE, ABORT = CanaryVerdict


@pytest.mark.parametrize(
    ("canary", "early", "in_the_end"),
    [
        (Figures(), WAIT, PROMOTE),
        (Figures(100, 1, 100), WAIT, PROMOTE),
        (Figures(100, 6, 100), WAIT, PROMOTE),
        (Figures(100, 7, 100), ABORT, ABORT),
        (Figures(19, 19, 100), WAIT, ABORT),
        (Figures(20, 20, 100), ABORT, ABORT),
        (Figures(100, 0, 150), WAIT, PROMOTE),
        (Figures(100, 0, 151), ABORT, ABORT),
        (Figures(19, 0, 900), WAIT, PROMOTE),
    ],
)
def test_verdicts(canary: Figures, early: CanaryVerdict, in_the_end: CanaryVerdict):
    assert judge(canary, LIVE, is_over=False)[0] is early
    assert judge(canary, LIVE, is_over=True)[0] is in_the_end


def test_a_few_milliseconds_more_are_not_slow():
    assert judge(Figures(100, 0, 20), Figures(100, 0, 2), is_over=True)[0] is PROMOTE
    assert judge(Figures(100, 0, 23), Figures(100, 0, 2), is_over=True)[0] is ABORT


def test_the_reason_carries_the_figures():
    assert (
        judge(Figures(40, 20, 5), LIVE, is_over=False)[1] == "50.0% of its calls failed, against 1.0% of the live one's"
    )
    assert "300 ms, against 100 ms" in judge(Figures(40, 0, 300), LIVE, is_over=True)[1]
    assert str(LIVE) == "900 calls, 1.0% errors, p95 100 ms"
    assert str(Figures()) == "no calls"
