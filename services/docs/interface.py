"""How a deployment is called: what its documents, its snippets and its form are all drawn from."""

from dataclasses import dataclass, field
from typing import Any

from nexdeck.models.choices import Channel
from nexdeck.models.manifest import CHUNKS_KEYWORD, JsonSchema, Limits
from nexdeck.models.options import DeploymentOptions
from nexdeck.models.trust import Trust
from nexdeck.services.deployments.views import DeploymentDetail


@dataclass(frozen=True)
class CallerInterface:
    """Of the live revision; before one is live, of the newest. ``mcp_url`` is None where that channel is off."""

    name: str
    agent: str
    version: str
    description: str
    gateway_url: str
    api_url: str
    mcp_url: str | None
    cli_command: str
    channels: tuple[Channel, ...]
    require_key: bool
    limits: Limits
    input_schema: JsonSchema
    output_schema: JsonSchema
    sample: dict[str, Any]
    gateway: str = "local"
    trust: Trust = field(default_factory=Trust)

    @property
    def chunks(self) -> JsonSchema | None:
        """The schema of the pieces in which the agent streams its answer; None for one that answers at once."""
        return self.output_schema.get(CHUNKS_KEYWORD)

    @property
    def a2a_url(self) -> str | None:
        """Where A2A clients find the agent; None where the API channel is off."""
        base = self.api_url.removesuffix(f"/workflows/{self.name}/execute")
        return f"{base}/a2a/{self.name}" if Channel.API in self.channels else None


def interface_of(detail: DeploymentDetail) -> CallerInterface:
    deployment, version = detail.summary.deployment, detail.live_artifact or detail.artifact
    options = DeploymentOptions.model_validate(detail.live.options) if detail.live else detail.options
    return CallerInterface(
        name=deployment.name,
        agent=detail.summary.agent_name,
        version=version.version,
        description=version.description,
        gateway_url=deployment.api_endpoint.removesuffix(f"/workflows/{deployment.name}/execute"),
        api_url=deployment.api_endpoint,
        mcp_url=deployment.mcp_endpoint,
        cli_command=deployment.cli_command,
        channels=tuple(options.channels),
        require_key=options.require_key,
        limits=options.limits,
        input_schema=version.input_schema,
        output_schema=version.output_schema,
        sample=(version.sample if options.sample_input is None else options.sample_input) or {},
        gateway=detail.gateway.name,
        trust=detail.gateway.how_trusted,
    )
