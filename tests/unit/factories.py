"""Rows that the tests of pure rules start from."""

from nexdeck.models.deployment import Deployment, DeploymentStatus


def deployment(status: DeploymentStatus, live_revision: int | None = None) -> Deployment:
    return Deployment(
        agent_id="agt_1",
        version="1.0.0",
        gateway_id="gtw_1",
        deployed_by="test",
        api_endpoint="http://127.0.0.1:1/workflows/x/execute",
        cli_command="nexdeck run x",
        name="x",
        status=DeploymentStatus(status),
        live_revision=live_revision,
    )
