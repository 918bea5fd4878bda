"""The contract between the control plane and a gateway: the bodies and headers of ``/control/v1``.

With ``models.manifest``, ``models.counters``, ``models.telemetry`` and ``models.problem`` all that ``app.gateway`` and
``app.cli`` share with the rest. Plain pydantic, no tables.

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

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from nexdeck.models.choices import Channel
from nexdeck.models.counters import Counters
from nexdeck.models.manifest import AcceptedKeys, Limits, Recording

PRODUCT = "nexdeck-gateway"
CONTROL_PREFIX = "/control/v1"
REVISION_HEADER = "X-Nexdeck-Revision"
REQUEST_ID_HEADER = "X-Request-ID"
AS_RECORDED_HEADER = "X-Nexdeck-As-Recorded"  # with REVISION_HEADER: answer what a recording of the call would keep
FIRST_SCRATCH_REVISION = 1_000_000_000  # numbers from here on are those of revisions loaded for a trial, never live
INSTALLATION_HEADER = "X-Nexdeck-Installation"  # on control calls: which control plane makes them
INSTALLATION_PATTERN = r"^[A-Za-z0-9_.-]{1,64}$"

StorableText = Annotated[str, AfterValidator(lambda text: text.replace("\0", "\ufffd"))]  # PostgreSQL takes no NUL


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


class KeyUse(BaseModel):
    """The calls that came with one key since the gateway's boot."""

    calls: int = 0
    last_at: AwareDatetime


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
