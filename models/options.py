"""What a person chooses for a deployment beside the agent's version."""

from functools import reduce
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from nexdeck.models.choices import Channel
from nexdeck.models.manifest import VARIABLE_PATTERN, Limits, Recording
from nexdeck.models.option_table import described

VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN)]


class CanaryPlan(BaseModel):
    """How a redeploy's new revision is tried out by some of the callers before all of them get it."""

    model_config = {"extra": "forbid", "json_schema_extra": described("canary.")}

    percent: int = Field(default=10, ge=1, le=50)
    minutes: float = Field(default=10.0, gt=0, le=1440)
    calls: int | None = Field(default=None, ge=1, le=1_000_000)


class DeploymentOptions(BaseModel):
    """What a person chooses beside the agent's version; part of each revision's snapshot."""

    model_config = {"extra": "forbid", "json_schema_extra": described()}

    channels: list[Channel] = Field(default_factory=lambda: list(Channel), min_length=1)
    require_key: bool = False
    environment: dict[VariableName, str] = Field(default_factory=dict)
    inherit_environment: list[VariableName] | None = None
    secrets: list[VariableName] = Field(default_factory=list)
    limits: Limits = Field(default_factory=Limits)
    record: Recording = Field(default_factory=Recording)
    sample_input: dict[str, Any] | None = None
    canary: CanaryPlan | None = Field(default=None, description="null: a redeploy switches all callers at once")
    latency_limit_ms: float | None = Field(default=None, gt=0, le=3_600_000)
    synthetic_check: bool = False

    @model_validator(mode="after")
    def _each_once(self) -> "DeploymentOptions":
        if both := set(self.environment) & set(self.secrets):
            raise ValueError(f"{', '.join(sorted(both))}: named both as a variable and as a secret; keep one")
        self.channels = [channel for channel in Channel if channel in self.channels]
        return self

    def at(self, path: str) -> Any:
        """The value at a dotted path; None below what is not set. What is kept is told as a whole: ``record``."""
        return reduce(lambda value, name: getattr(value, name, None), path.split("."), self)


MODELS: dict[str, type[BaseModel]] = {"limits": Limits, "record": Recording, "canary": CanaryPlan}


def bounds_of(path: str) -> dict[str, float]:
    """``min`` and ``max`` of a number, as a form takes them: a tenth where it has to be above 0."""
    group, _, name = path.rpartition(".")
    metadata = (MODELS[group] if group else DeploymentOptions).model_fields[name].metadata
    found = {kind: getattr(each, kind) for each in metadata for kind in ("gt", "ge", "le") if hasattr(each, kind)}
    least = found.get("ge", found.get("gt", 0) + 0.1)
    return {"min": least, "max": found["le"]}
