"""What an orchestration's YAML holds: its shapes. The rules are in ``services.catalog.sources.orchestration``."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from nexdeck.models.declarative import FIELD_NAME_PATTERN
from nexdeck.models.manifest import NAME_PATTERN

STEP_ID_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StepSpec(_Spec):
    """One call of a member. ``inputs``: the member's input ← ``inputs.NAME``, ``steps.ID.NAME`` or a literal value."""

    agent: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: str | None = Field(default=None, description="None: the newest when the orchestration is created")
    id: Annotated[str, Field(pattern=STEP_ID_PATTERN)] | None = Field(
        default=None, description="None: the agent's name"
    )
    inputs: dict[str, Any] = Field(default_factory=dict)

    @property
    def step_id(self) -> str:
        return self.id or self.agent


class OrchestrationSpec(_Spec):
    kind: Literal["orchestration"]
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: str = "1.0.0"
    description: str = Field(default="", max_length=2000)
    pattern: Literal["sequential", "parallel"] = "sequential"
    steps: list[StepSpec] = Field(min_length=1, max_length=50)
    outputs: dict[Annotated[str, Field(pattern=FIELD_NAME_PATTERN)], Any] | None = Field(default=None, min_length=1)
    sample: dict[str, Any] | None = None
