"""What one revision may use at a time."""

import pytest

from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.serving import limits
from nexdeck.app.gateway.serving.limits import Gate
from nexdeck.models.manifest import Limits


def test_concurrency():
    gate = Gate(Limits(max_concurrency=2))
    gate.enter()
    gate.enter()
    with pytest.raises(GatewayProblem) as refused:
        gate.enter()
    assert (refused.value.status_code, refused.value.headers["Retry-After"]) == (503, "1")
    gate.leave()
    gate.enter()
    assert gate.in_flight == 2


def test_the_rate_is_refilled_evenly(monkeypatch):
    now = 0.0
    monkeypatch.setattr(limits, "monotonic", lambda: now)
    gate = Gate(Limits(rate_limit_per_minute=3))
    for _ in range(3):
        gate.enter()
    with pytest.raises(GatewayProblem) as refused:
        gate.enter()
    assert (refused.value.status_code, refused.value.headers["Retry-After"]) == (429, "20")
    assert gate.in_flight == 3
    gate.enter(metered=False)
    now = 20.0
    gate.enter()
    with pytest.raises(GatewayProblem):
        gate.enter()
    now = 3600.0
    for _ in range(3):
        gate.enter()
