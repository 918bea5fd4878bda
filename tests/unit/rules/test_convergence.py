"""What drift is, and how long a repair that fails is put off."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.base import now
from nexdeck.models.control import DeploymentState, RevisionState
from nexdeck.models.deployment import DesiredState
from nexdeck.services.rules.convergence import LONGEST_PAUSE, Backoff, is_settled, repair_for
from tests.unit.factories import deployment

HELD = DeploymentState(deployment_id="x", name="x", live=RevisionState(revision=1, sha256="aa"))
OTHER = DeploymentState(deployment_id="x", name="x", live=RevisionState(revision=1, sha256="bb"))
BARE = DeploymentState(deployment_id="x", name="x", live=None, error="it did not load")


@pytest.mark.parametrize(
    ("desired", "status", "held", "repair"),
    [
        ("running", "running", HELD, None),
        ("running", "running", None, "start"),
        ("running", "running", OTHER, "start"),
        ("running", "running", BARE, "start"),
        ("running", "failed", None, None),
        ("running", "deploying", None, None),
        ("stopped", "running", HELD, "stop"),
        ("stopped", "running", None, "stop"),
        ("stopped", "stopped", HELD, "stop"),
        ("stopped", "stopped", None, None),
        ("stopped", "failed", None, "stop"),
        ("absent", "running", None, "undeploy"),
        ("absent", "failed", HELD, "undeploy"),
    ],
)
def test_what_is_repaired_and_how(desired, status, held, repair) -> None:
    row = deployment(status, live_revision=1)
    row.desired_state = DesiredState(desired)
    assert repair_for(row, "aa", held) == repair


@given(tries=st.integers(1, 40))
def test_the_pause_doubles_up_to_its_limit(tries: int) -> None:
    backoff, moment = Backoff(), 1000.0
    for _ in range(tries):
        backoff.tried("x", moment)
    pause = min(2.0 * 2 ** (tries - 1), LONGEST_PAUSE)
    assert not backoff.may("x", moment + pause - 0.001)
    assert backoff.may("x", moment + pause)
    assert backoff.soonest() == moment + pause
    backoff.settled("x")
    assert backoff.may("x", moment)
    assert backoff.soonest() is None


@pytest.mark.parametrize(("changed", "settled"), [(-1, True), (1, False), (3600, True)])
def test_a_look_counts_when_it_came_after_the_change_even_if_the_clock_was_set_back(changed, settled) -> None:
    looked_at = now()
    assert is_settled(looked_at + timedelta(seconds=changed), looked_at, looked_at + timedelta(seconds=5)) is settled
