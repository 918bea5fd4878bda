"""What a gateway is given to serve: one revision's module with its manifest, its variables and its accepted keys.

Plain pydantic, no tables: the gateway and the command line share it with the rest, as ``models.control``.
"""

import hmac
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from nexdeck.models.choices import Channel
from nexdeck.models.option_table import described

NAME_PATTERN = r"^[a-z][a-z0-9-]{0,62}$"  # agents, deployments, gateways; also tool names and path segments
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
CHUNKS_KEYWORD = "x-nexdeck-chunks"  # in the output schema of an agent that streams: the schema of a chunk
MOST_REQUEST_KB = 20 * 1024  # what a gateway takes of any caller

JsonSchema = dict[str, Any]
FieldPath = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class AgentKind(StrEnum):
    DECLARATIVE = "declarative"
    PYTHON = "python"
    ORCHESTRATION = "orchestration"


def hash_of(module: str) -> str:
    """The SHA-256 of a module's UTF-8 bytes, in hex: what ``sha256sum`` prints for the downloaded file."""
    return sha256(module.encode()).hexdigest()


def key_hash(key: str) -> str:
    """How an invocation key is kept and compared: the SHA-256 of its text, in hex (keys are random, so no salt)."""
    return sha256(key.encode()).hexdigest()


class Limits(BaseModel):
    """What one deployment may use. None means no limit of its own."""

    model_config = {"json_schema_extra": described("limits.")}

    timeout_seconds: float = Field(default=60.0, gt=0, le=3600)
    max_concurrency: int | None = Field(default=None, ge=1, le=10_000)
    rate_limit_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    max_request_kb: int | None = Field(default=None, ge=1, le=MOST_REQUEST_KB)


class Recording(BaseModel):
    """Whether a call's input and output are kept, besides that it took place. What is redacted never leaves the
    gateway's process."""

    model_config = {"extra": "forbid", "json_schema_extra": described("record.")}

    inputs: bool = False
    outputs: bool = False
    redact: list[FieldPath] = Field(default_factory=list, max_length=100)
    days: int = Field(default=7, ge=1, le=365)

    @property
    def is_on(self) -> bool:
        return self.inputs or self.outputs


class Manifest(BaseModel):
    """What a gateway must know about an artifact besides its module."""

    agent: str = Field(pattern=NAME_PATTERN)
    version: str
    kind: AgentKind
    description: str = ""
    input_schema: JsonSchema
    output_schema: JsonSchema
    channels: list[Channel]
    limits: Limits = Field(default_factory=Limits)
    require_key: bool = False
    record: Recording = Field(default_factory=Recording)
    inherit_environment: list[str] | None = Field(
        default=None, description="variables of the gateway's own environment that its code sees; None: all of them"
    )

    @property
    def about(self) -> str:
        """What is said of the agent where something has to be said: clients refuse an empty description."""
        return self.description or f"The agent {self.agent}."


class AcceptedKeys(BaseModel):
    """The invocation keys of a deployment, as hashes. A gateway that knows no expiry refuses those that have one."""

    key_hashes: list[str] = Field(default_factory=list, repr=False)
    expiring_keys: dict[str, AwareDatetime] = Field(
        default_factory=dict, repr=False, description="further hashes, each with the time from which it is refused"
    )

    def accepts(self, presented: str, at: datetime) -> bool:
        """Whether a key with that hash opens the deployment at that time."""
        # every hash is compared, so that the time taken tells nothing about which one came close
        lasting = [hmac.compare_digest(presented, known) for known in self.key_hashes]
        ending = [hmac.compare_digest(presented, known) and at < end for known, end in self.expiring_keys.items()]
        return any(lasting) or any(ending)

    @property
    def digest(self) -> str:
        """The same for the same keys, whatever their order; empty without any."""
        parts = {*self.key_hashes, *(f"{known} {end.timestamp():.3f}" for known, end in self.expiring_keys.items())}
        return sha256("\n".join(sorted(parts)).encode()).hexdigest() if parts else ""


class RevisionBundle(AcceptedKeys):
    """One revision as it is sent to a gateway. ``environment`` carries secret values: never log or echo it."""

    name: str = Field(pattern=NAME_PATTERN, description="the deployment's name: the path segment and the tool name")
    revision: int = Field(ge=1)
    sha256: str
    module: str
    manifest: Manifest
    environment: dict[str, str] = Field(default_factory=dict, repr=False)
