"""What a look at a gateway says of a deployment, and how its counters add up."""

from hypothesis import given
from hypothesis import strategies as st

from models.base import now
from models.deployment import HealthState
from models.gateway import Gateway, GatewayKind
from models.wire import Counters, DeploymentState, GatewayState, RevisionState
from services.rules.health import assess, count
from tests.unit.factories import deployment

GATEWAY = Gateway(name="local", kind=GatewayKind.LOCAL, url="http://127.0.0.1:1", encrypted_token="", created_by="test")
ROW = deployment("running", live_revision=2)


def gateway_state(ready: bool = True) -> GatewayState:
    return GatewayState(version="1", boot_id="b", pid=1, started_at=now(), ready=ready)


def seen(revision: int = 2, sha256: str = "aa", error: str | None = None, live: bool = True) -> DeploymentState:
    held = RevisionState(revision=revision, sha256=sha256) if live else None
    return DeploymentState(deployment_id=ROW.id, name="x", live=held, error=error)


def test_present_with_the_right_revision_and_hash_is_healthy() -> None:
    assert assess(ROW, "aa", GATEWAY, gateway_state(), seen())[0] is HealthState.HEALTHY


def test_another_hash_or_revision_is_unhealthy_and_says_which() -> None:
    assert assess(ROW, "bb", GATEWAY, gateway_state(), seen())[0] is HealthState.UNHEALTHY
    health, reason = assess(ROW, "aa", GATEWAY, gateway_state(), seen(revision=1))
    assert health is HealthState.UNHEALTHY
    assert "revision 1, not revision 2" in reason


def test_an_unreachable_gateway_an_absence_and_a_failed_restore_each_say_why() -> None:
    GATEWAY.status_reason = "connection refused"
    assert "connection refused" in assess(ROW, "aa", GATEWAY, None, None)[1]
    assert assess(ROW, "aa", GATEWAY, gateway_state(), None)[0] is HealthState.UNHEALTHY
    assert (
        "no module named x"
        in assess(ROW, "aa", GATEWAY, gateway_state(), seen(live=False, error="no module named x"))[1]
    )


def test_a_gateway_that_is_still_starting_is_unknown() -> None:
    assert assess(ROW, "aa", GATEWAY, gateway_state(ready=False), None)[0] is HealthState.UNKNOWN


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5), st.booleans()), max_size=30))
def test_nothing_is_counted_twice_or_lost_over_restarts_and_missed_looks(rounds: list[tuple[int, int, bool]]) -> None:
    row, requests, errors, boot = deployment("running", 1), 0, 0, 0
    total_requests = total_errors = 0
    for more, failed, restarted in rounds:
        if restarted:
            boot, requests, errors = boot + 1, 0, 0
        requests, errors = requests + more, errors + failed
        total_requests, total_errors = total_requests + more, total_errors + failed
        count(row, str(boot), Counters(requests=requests, errors=errors, latency_ms_sum=requests * 2.0))
        count(row, str(boot), Counters(requests=requests, errors=errors, latency_ms_sum=requests * 2.0))
    assert (row.request_count, row.error_count) == (total_requests, total_errors)
    assert row.avg_latency_ms == (2.0 if total_requests else 0.0)
