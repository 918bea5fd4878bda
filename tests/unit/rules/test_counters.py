"""How counters of gateways add up."""

from hypothesis import given
from hypothesis import strategies as st

from models.wire import Counters
from services.rules.counters import count
from tests.unit.factories import deployment


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
