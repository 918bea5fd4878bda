"""What a look at a gateway says of a deployment on it."""

from models.deployment import Deployment, HealthState
from models.gateway import Gateway
from models.wire import Counters, DeploymentState, GatewayState


def assess(
    deployment: Deployment, sha256: str, gateway: Gateway, state: GatewayState | None, seen: DeploymentState | None
) -> tuple[HealthState, str]:
    """The health of a deployment that should be running, with the reason in plain words."""
    if state is None:
        return HealthState.UNHEALTHY, f"Gateway {gateway.name} cannot be reached: {gateway.status_reason}"
    if seen is None or seen.live is None:
        if not state.ready:
            return HealthState.UNKNOWN, f"Gateway {gateway.name} is still starting."
        cause = f": {seen.error}" if seen and seen.error else "."
        return HealthState.UNHEALTHY, f"Gateway {gateway.name} does not serve it{cause}"
    if (seen.live.revision, seen.live.sha256) != (deployment.live_revision, sha256):
        return (
            HealthState.UNHEALTHY,
            f"Gateway {gateway.name} serves revision {seen.live.revision}, not revision {deployment.live_revision}.",
        )
    return HealthState.HEALTHY, f"Gateway {gateway.name} serves revision {seen.live.revision}."


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
