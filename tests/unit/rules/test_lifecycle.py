"""The table of transitions is the specification's, and nothing slips past it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.deployment import DeploymentStatus, OperationKind, OperationStatus
from nexdeck.services.errors import Conflict
from nexdeck.services.rules.lifecycle import TRANSITIONS, event_of_end, transition
from tests.unit.factories import deployment


@given(status=st.sampled_from(DeploymentStatus), event=st.sampled_from(sorted(TRANSITIONS)))
def test_a_transition_is_recorded_whole_or_refused_without_a_trace(status: DeploymentStatus, event: str) -> None:
    row = deployment(status)
    if status in TRANSITIONS[event]:
        change = transition(row, event, by="ann", message="because")
        assert (change.from_status, change.to_status) == (status, row.status)
        assert (change.deployment_id, change.event, change.by) == (row.id, event, "ann")
    else:
        with pytest.raises(Conflict, match="cannot be"):
            transition(row, event, by="ann")
        assert row.status is status


@given(status=st.sampled_from(DeploymentStatus))
def test_every_status_can_be_left_by_stopping(status: DeploymentStatus) -> None:
    row = deployment(status)
    transition(row, "stopped", by="ann")
    assert row.status is DeploymentStatus.STOPPED


def test_the_way_from_the_request_to_running() -> None:
    row = deployment(DeploymentStatus.PENDING)
    transition(row, "begun", by="ann")
    transition(row, "proven", by="ann")
    assert row.status is DeploymentStatus.RUNNING


def test_only_a_proof_makes_it_running() -> None:
    to_running = {
        event
        for event, moves in TRANSITIONS.items()
        for before, after in moves.items()
        if after is DeploymentStatus.RUNNING and before is not after
    }
    assert to_running == {"proven", "kept the live revision"}


def test_a_failure_keeps_its_cause_until_something_else_happens() -> None:
    row = deployment(DeploymentStatus.DEPLOYING)
    transition(row, "failed", by="ann", message="the gateway is down")
    assert row.error_message == "the gateway is down"
    transition(row, "requested", by="ann")
    assert row.error_message is None


@pytest.mark.parametrize(
    ("kind", "ended", "status", "live", "event"),
    [
        ("deploy", "succeeded", "deploying", None, "proven"),
        ("stop", "succeeded", "running", 1, "stopped"),
        ("undeploy", "succeeded", "failed", None, "stopped"),
        ("deploy", "failed", "deploying", None, "failed"),
        ("deploy", "failed", "pending", None, "failed"),
        ("deploy", "cancelled", "pending", None, "cancelled"),
        ("redeploy", "failed", "deploying", 3, "kept the live revision"),
        ("redeploy", "cancelled", "deploying", 3, "kept the live revision"),
        ("redeploy", "cancelled", "running", 3, None),
        ("stop", "failed", "running", 3, None),
    ],
)
def test_what_the_end_of_an_operation_means(kind, ended, status, live, event) -> None:
    row = deployment(DeploymentStatus(status), live)
    assert event_of_end(OperationKind(kind), OperationStatus(ended), row) == event
