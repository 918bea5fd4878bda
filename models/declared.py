"""What ``nexdeck apply`` reads: the shape of a deployment in YAML. The rules are in ``services.declared.source``."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nexdeck.models.manifest import NAME_PATTERN, Limits
from nexdeck.models.options import DeploymentOptions

DEFAULT_GATEWAY = "local"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]


class DeclaredState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"


class DeclaredLimits(Limits):
    model_config = ConfigDict(extra="forbid")


class DeclaredOptions(DeploymentOptions):
    """As a deployment's options, but a limit whose name is misspelt is told rather than left out."""

    limits: DeclaredLimits = Field(default_factory=DeclaredLimits)


class DeclaredDeployment(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    agent: Name
    version: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(default=None, description="the newest")
    gateway: Name = DEFAULT_GATEWAY
    dedicated: bool = Field(default=False, description="on a gateway of its name that comes and goes with it")
    state: DeclaredState = DeclaredState.RUNNING
    options: DeclaredOptions = Field(default_factory=DeclaredOptions)


class DeclaredList(BaseModel):
    model_config = ConfigDict(extra="forbid")

    deployments: list[DeclaredDeployment] = Field(max_length=2000)
