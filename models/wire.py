"""The contract between the control plane and a gateway host: the bodies of ``/control/v1``.

Plain pydantic, no tables: with ``models.batches`` all that ``app.gateway`` and ``app.cli`` share with the rest. Longer
than other modules, so that the whole contract is read in one place.

====== ==================================================== ===========================================
method path                                                 what
====== ==================================================== ===========================================
GET    ``/control/v1/state``                                ``GatewayState``
GET    ``/control/v1/state?boot=ID&after=P&seen=NUMBER``    ``GatewayReport``: what changed, with a ``CounterBatch``
PUT    ``/control/v1/deployments/{id}/revisions/{n}``       load ``RevisionBundle`` beside what is live
DELETE ``/control/v1/deployments/{id}/revisions/{n}``       forget a revision that is not live
PUT    ``/control/v1/deployments/{id}/live``                ``LiveRequest``: route traffic to a revision
PUT    ``/control/v1/deployments/{id}/canary``              ``CanaryRequest``: a share of the traffic
PUT    ``/control/v1/deployments/{id}/keys``                ``KeysRequest``: replace the accepted keys
DELETE ``/control/v1/deployments/{id}``                     drain, then forget the deployment
GET    ``/control/v1/logs?after=CURSOR&limit=N``            ``LogBatch``
GET    ``/control/v1/requests?after=CURSOR&limit=N``        ``CallBatch``
GET    ``/control/v1/counters?boot=ID&after=POSITION``      ``CounterBatch``
====== ==================================================== ===========================================

Every PUT and DELETE is idempotent: sent again with the same deployment, revision and hash it changes nothing and
answers the same ``DeploymentState``. All of them want ``Authorization: Bearer TOKEN`` (the gateway's control token).
The control token is also accepted as an invocation key, and only with it may a call carry ``REVISION_HEADER`` to reach
a revision that is loaded but not live yet.
"""

import hmac
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, NotRequired, Required

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field
from typing_extensions import TypedDict  # typing's own is not enough for pydantic before Python 3.12

from nexdeck.models.choices import Channel
from nexdeck.models.histogram import GROUPS, KEYS
from nexdeck.models.option_table import described

PRODUCT = "nexdeck-gateway"
CONTROL_PREFIX = "/control/v1"
REVISION_HEADER = "X-Nexdeck-Revision"
REQUEST_ID_HEADER = "X-Request-ID"
AS_RECORDED_HEADER = "X-Nexdeck-As-Recorded"  # with REVISION_HEADER: answer what a recording of the call would keep
FIRST_GUEST_REVISION = 1_000_000_000  # numbers from here on are those of revisions loaded for a trial, never live
INSTALLATION_HEADER = "X-Nexdeck-Installation"  # on control calls: which control plane makes them
INSTALLATION_PATTERN = r"^[A-Za-z0-9_.-]{1,64}$"
NAME_PATTERN = r"^[a-z][a-z0-9-]{0,62}$"  # agents, deployments, gateways; also tool names and path segments
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"

CHUNKS_KEYWORD = "x-nexdeck-chunks"  # in the output schema of an agent that streams: the schema of a piece

LARGEST_CURSOR = LARGEST_COUNT = 2**53

JsonSchema = dict[str, Any]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Cost = Annotated[float, Field(ge=0, le=LARGEST_COUNT)]
Milliseconds = Annotated[float, Field(ge=0, le=LARGEST_COUNT / 1000)]
RevisionNumber = Annotated[int, Field(ge=0, lt=2**31)]
BucketKey = Annotated[int, Field(ge=0, lt=GROUPS * KEYS)]
StorableText = Annotated[str, AfterValidator(lambda text: text.replace("\0", "\ufffd"))]  # PostgreSQL takes no NUL
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


class LiveRequest(BaseModel):
    revision: int = Field(ge=1)
    sha256: str
    drain_seconds: float = Field(default=30.0, ge=0, le=600)


class CanaryRequest(BaseModel):
    """Let a loaded revision answer some of the callers; the live one answers the rest. It ends with a switch, or when
    either of the two revisions is forgotten or the gateway is restarted."""

    revision: int = Field(ge=1)
    sha256: str
    percent: int = Field(ge=1, le=50)


class CanaryState(BaseModel):
    revision: int
    percent: int


class KeysRequest(AcceptedKeys):
    key_hashes: list[str] = Field(repr=False)


class RevisionState(BaseModel):
    revision: int
    sha256: str
    in_flight: int = 0


class Counters(BaseModel):
    """Of all revisions. Monotonic since the gateway's boot; a new ``boot_id`` means they began at zero again."""

    requests: int = 0
    errors: int = Field(default=0, description="answers with a status of 500 or above, timeouts included")
    latency_ms_sum: float = 0.0


class KeyUse(BaseModel):
    """The calls that came with one key since the gateway's boot."""

    calls: int = 0
    last_at: AwareDatetime


class ChannelCounters(TypedDict, total=False):
    """Calls of one revision through one channel. A call is in one class at most; without one it succeeded.

    A dictionary, as ``RevisionCounters``, and without what is zero: with a thousand of them a second, models take twice
    as long.
    """

    channel: Required[Channel]
    requests: Required[Count]
    client_errors: Count  # answers 4xx, but for the refused ones
    refused: Count  # 429, and 503 where a limit was reached
    errors: Count  # answers 5xx, but for refusals and timeouts
    timeouts: Count  # 504: the agent did not answer in time
    cancelled: Count  # 499: the caller went away
    latency_ms_sum: Milliseconds
    latency_ms_min: Milliseconds
    latency_ms_max: Milliseconds
    buckets: dict[BucketKey, Count]  # the latencies, see ``models.histogram``; only those that changed after a position
    tokens_in: Count  # of language models, as their providers report them
    tokens_out: Count
    cost: Cost  # of those tokens where the operator gave prices, in their currency


class RevisionCounters(TypedDict):
    """Monotonic since the gateway's boot; probes are not counted. Kept for a while after a revision was forgotten."""

    deployment_id: str
    revision: RevisionNumber
    in_flight: NotRequired[Count]  # none where it is left out
    channels: list[ChannelCounters]  # those that were called


class LiveOptions(BaseModel):
    """How the live revision is set up. Of its variables only the names are told."""

    channels: list[Channel]
    require_key: bool
    limits: Limits
    record: Recording = Field(default_factory=Recording)
    variables: list[str] = Field(default_factory=list)
    keys_digest: str | None = Field(default=None, description="of the accepted keys; None where it is not told")


class DeploymentState(BaseModel):
    deployment_id: str
    name: str
    live: RevisionState | None = None
    options: LiveOptions | None = Field(default=None, description="of what is live")
    loaded: list[RevisionState] = Field(default_factory=list, description="loaded beside the live one, or draining")
    canary: CanaryState | None = Field(default=None, description="the loaded revision that gets a share of the calls")
    counters: Counters = Field(default_factory=Counters)
    key_uses: dict[str, KeyUse] = Field(default_factory=dict, description="by the hash of the key")
    error: StorableText | None = Field(
        default=None, description="why the live revision could not be restored after a restart"
    )


class Claimant(BaseModel):
    """A control plane that made a control call."""

    installation: str = Field(pattern=INSTALLATION_PATTERN)
    seconds_ago: float = Field(ge=0, description="since its last call")


class GatewayState(BaseModel):
    product: str = PRODUCT
    version: StorableText
    boot_id: StorableText
    pid: int
    started_at: datetime
    ready: bool
    deployments: list[DeploymentState] = Field(default_factory=list)
    claimants: list[Claimant] = Field(default_factory=list, description="the latest first")


class FieldError(BaseModel):
    path: str = Field(description="where, as a dotted path: `inputs.items.0.price`")
    message: str


class Problem(BaseModel):
    """RFC 9457 problem document, as every error of a gateway and of the REST API looks (application/problem+json)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="a stable name for scripts, e.g. `invalid_input`, `agent_failed`, `timeout`")
    request_id: str | None = None
    errors: list[FieldError] = Field(default_factory=list)
