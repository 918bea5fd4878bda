"""Agents and their versions as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.models.manifest import AgentKind, JsonSchema


class VersionShape(Shape):
    id: str
    agent_id: str
    version: str
    kind: AgentKind
    filename: str
    sha256: str = Field(description="of the module, in hex")
    description: str
    input_schema: JsonSchema
    output_schema: JsonSchema
    sample: dict[str, Any] | None
    secrets: list[str] = Field(description="names of the secrets it reads")
    provider: str | None = Field(description="the model provider of a declarative agent")
    members: list[str] = Field(description="name@version of the agents that an orchestration is made of")
    created_at: datetime
    created_by: str


class VersionDetailShape(VersionShape):
    source: str = Field(description="what the author wrote")
    module: str = Field(description="what a gateway runs, byte for byte")


class PreviewShape(Shape):
    name: str
    version: str
    kind: AgentKind
    description: str
    input_schema: JsonSchema
    output_schema: JsonSchema
    sample: dict[str, Any] | None
    secrets: list[str]
    provider: str | None
    members: list[str]
    module: str
    sha256: str


class AgentShape(Shape):
    id: str
    organization_id: str
    workspace_id: str
    name: str
    created_at: datetime
    created_by: str


class AgentRowShape(AgentShape):
    latest: VersionShape
    version_count: int
    deployment_count: int


class AgentDetailShape(AgentShape):
    versions: list[VersionShape] = Field(description="newest first")


class CreatedVersionShape(BaseModel):
    agent: AgentShape
    version: VersionShape
