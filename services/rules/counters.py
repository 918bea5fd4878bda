"""How what gateways count adds up."""

from models.deployment import Deployment
from models.wire import Counters


def count(deployment: Deployment, boot_id: str, counters: Counters) -> None:
    """Add what the gateway counted since the last look; its counters begin at zero with each boot and each load."""
    if deployment.counted_boot_id != boot_id or counters.requests < deployment.counted_requests:
        deployment.counted_requests = deployment.counted_errors = 0
        deployment.counted_latency_ms = 0.0
    deployment.request_count += counters.requests - deployment.counted_requests
    deployment.error_count += max(0, counters.errors - deployment.counted_errors)
    deployment.latency_ms_sum += max(0.0, counters.latency_ms_sum - deployment.counted_latency_ms)
    deployment.counted_boot_id = boot_id
    deployment.counted_requests, deployment.counted_errors = counters.requests, counters.errors
    deployment.counted_latency_ms = counters.latency_ms_sum
