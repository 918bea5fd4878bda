"""What a person chooses for a deployment beside the agent's version."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from nexdeck.models.wire import VARIABLE_PATTERN, Channel, Limits, Recording

VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN)]


class CanaryPlan(BaseModel):
    """How a redeploy's new revision is tried out by some of the callers before all of them get it."""

    model_config = {"extra": "forbid"}

    percent: int = Field(default=10, ge=1, le=50, description="of the calls")
    minutes: float = Field(default=10.0, gt=0, le=1440, description="after which it is judged for good")
    calls: int | None = Field(
        default=None, ge=1, le=1_000_000, description="judged earlier, once it has answered that many"
    )


class DeploymentOptions(BaseModel):
    """What a person chooses beside the agent's version; part of each revision's snapshot."""

    model_config = {"extra": "forbid"}

    channels: list[Channel] = Field(default_factory=lambda: list(Channel), min_length=1)
    require_key: bool = False
    environment: dict[VariableName, str] = Field(default_factory=dict, description="plain environment variables")
    inherit_environment: list[VariableName] | None = Field(
        default=None, description="variables of the gateway's own environment that the agent sees; null: all of them"
    )
    secrets: list[VariableName] = Field(default_factory=list, description="stored secrets, each a variable of its name")
    limits: Limits = Field(default_factory=Limits)
    record: Recording = Field(default_factory=Recording, description="what is kept of each call")
    sample_input: dict[str, Any] | None = Field(default=None, description="None: the version's own sample")
    canary: CanaryPlan | None = Field(default=None, description="None: a redeploy switches all callers at once")
    latency_limit_ms: float | None = Field(
        default=None, gt=0, le=3_600_000, description="degraded when one call in twenty takes longer; None: no limit"
    )
    synthetic_check: bool = Field(
        default=False, description="call it with the sample input every five minutes when nobody else does"
    )

    @model_validator(mode="after")
    def _each_once(self) -> "DeploymentOptions":
        if both := set(self.environment) & set(self.secrets):
            raise ValueError(f"{', '.join(sorted(both))}: named both as a variable and as a secret; keep one")
        self.channels = [channel for channel in Channel if channel in self.channels]
        return self
