"""What a declarative agent's YAML holds: its shapes. The rules are in ``services.catalog.sources.declarative``."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from nexdeck.models.manifest import NAME_PATTERN, VARIABLE_PATTERN

FIELD_NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
FieldName = Annotated[str, Field(pattern=FIELD_NAME_PATTERN)]
FieldType = Literal["string", "integer", "number", "boolean", "array", "object"]


class Provider(StrEnum):
    """Who answers. ``offline`` is our own: made-up answers for trying things out, and they say so."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OLLAMA = "ollama"
    OFFLINE = "offline"


DEFAULT_KEY_SECRETS = {Provider.OPENAI: "OPENAI_API_KEY", Provider.ANTHROPIC: "ANTHROPIC_API_KEY"}


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FieldSpec(_Spec):
    """One input or output."""

    name: FieldName
    type: FieldType = "string"
    description: str = Field(default="", max_length=2000)
    required: bool | None = Field(default=None, description="None: yes, unless it has a default")
    default: Any = None
    enum: list[Any] | None = Field(default=None, min_length=1, max_length=200)

    @property
    def is_required(self) -> bool:
        return self.default is None if self.required is None else self.required


class DeclarativeSpec(_Spec):
    kind: Literal["declarative"] = "declarative"
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    version: str = "1.0.0"
    description: str = Field(default="", max_length=2000)
    instructions: str = Field(min_length=1)
    inputs: list[FieldSpec] = Field(min_length=1, max_length=100)
    outputs: list[FieldSpec] = Field(min_length=1, max_length=100)
    provider: Literal["openai", "anthropic", "ollama", "offline"]
    model: str | None = Field(default=None, min_length=1, max_length=200)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    base_url: str | None = None
    api_key_secret: Annotated[str, Field(pattern=VARIABLE_PATTERN)] | None = None
    sample: dict[str, Any] | None = None
    mcp_servers: list[Any] = Field(default_factory=list, description="none can be used yet: it must stay empty")

    @property
    def key_secret(self) -> str | None:
        """The secret that holds the model's key; ``api_key_secret: null`` says that the server wants none."""
        if self.provider in DEFAULT_KEY_SECRETS and "api_key_secret" not in self.model_fields_set:
            return DEFAULT_KEY_SECRETS[Provider(self.provider)]
        return None if self.provider == Provider.OFFLINE else self.api_key_secret
