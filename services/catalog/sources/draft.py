"""What a reader makes of a source: everything that an ``AgentVersion`` row needs, before it is stored."""

from dataclasses import dataclass, field
from typing import Any

from nexdeck.models.manifest import AgentKind, JsonSchema, hash_of


@dataclass(frozen=True)
class VersionDraft:
    name: str
    version: str
    kind: AgentKind
    filename: str
    source: str
    module: str
    description: str
    input_schema: JsonSchema
    output_schema: JsonSchema
    sample: dict[str, Any]
    secrets: list[str] = field(default_factory=list)
    suggested_secrets: list[str] = field(default_factory=list)
    provider: str | None = None
    members: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Of the module."""
        return hash_of(self.module)
