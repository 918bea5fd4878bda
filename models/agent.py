"""The catalog: agents and their immutable versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import JSON, Column, Field, SQLModel, Text

from nexdeck.models.base import DEFAULT_ORGANIZATION, DEFAULT_WORKSPACE, UtcDateTime, choice, new_id, now
from nexdeck.models.manifest import AgentKind


class Agent(SQLModel, table=True):
    """A named thing in the catalog; what it does is in its versions."""

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: str = Field(default_factory=lambda: new_id("agt"), primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    workspace_id: str = DEFAULT_WORKSPACE
    name: str
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_by: str


class AgentVersion(SQLModel, table=True):
    """What an agent was at one moment: never changed after it was written."""

    __tablename__ = "agent_version"
    __table_args__ = (UniqueConstraint("agent_id", "version"),)

    id: str = Field(default_factory=lambda: new_id("ver"), primary_key=True)
    agent_id: str = Field(foreign_key="agent.id", index=True)
    version: str = Field(description="a semantic version, e.g. 1.2.0")
    kind: AgentKind = Field(sa_type=choice(AgentKind))
    filename: str
    source: str = Field(sa_column=Column(Text, nullable=False), description="what the author wrote (YAML or Python)")
    module: str = Field(sa_column=Column(Text, nullable=False), description="what a gateway runs, byte for byte")
    sha256: str = Field(description="of the module")
    description: str = ""
    input_schema: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    output_schema: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    sample: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    secrets: list[str] = Field(sa_column=Column(JSON, nullable=False), description="names of the secrets it reads")
    provider: str | None = Field(default=None, description="the model provider of a declarative agent")
    members: list[str] = Field(sa_column=Column(JSON, nullable=False), description="name@version of composed agents")
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    created_by: str
