"""What a gateway holds for the control plane until it is fetched: log lines, calls and counts, after a cursor.

Part of the contract of ``models.control``, and plain pydantic like it.
"""

from typing import NamedTuple
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, Field

from nexdeck.models.control import GatewayState
from nexdeck.models.counters import RevisionCounters

LARGEST_CURSOR = 2**53


class LogLine(BaseModel):
    cursor: int = Field(ge=1, le=LARGEST_CURSOR)
    time: AwareDatetime
    level: str
    deployment_id: str | None = None
    revision: int | None = Field(default=None, ge=0, lt=2**31)
    request_id: str | None = None
    logger: str = ""
    message: str
    exception: str | None = None


class LogBatch(BaseModel):
    boot_id: str = Field(max_length=128)
    lines: list[LogLine]
    next_cursor: int = Field(ge=0, le=LARGEST_CURSOR)
    lost: int = Field(default=0, ge=0, description="lines after the cursor that the buffer no longer holds")


class CallReport(BaseModel):
    """One call that was answered, well or not."""

    cursor: int = Field(ge=1, le=LARGEST_CURSOR)
    time: AwareDatetime = Field(description="when it ended")
    deployment_id: str
    revision: int = Field(ge=0, lt=2**31)
    channel: str
    status: int = Field(ge=100, lt=1000)
    code: str | None = Field(default=None, description="of the error")
    milliseconds: float = Field(ge=0)
    request_id: str
    key_hash: str | None = Field(default=None, description="of the deployment's key that it was made with")
    tokens_in: int | None = Field(default=None, ge=0, lt=2**31)
    tokens_out: int | None = Field(default=None, ge=0, lt=2**31)
    inputs: str | None = Field(default=None, description="JSON, as far as the recording allows")
    outputs: str | None = Field(default=None, description="JSON, as far as the recording allows")
    altered: bool = Field(default=False, description="the inputs are redacted, masked or cut: not what was sent")


class CallBatch(BaseModel):
    boot_id: str = Field(max_length=128)
    calls: list[CallReport]
    next_cursor: int = Field(ge=0, le=LARGEST_CURSOR)
    lost: int = Field(default=0, ge=0, description="calls after the cursor that the buffer no longer holds")


class BootCounters(BaseModel):
    """What an earlier boot of the gateway had counted by its end: a second before it at most if it was killed."""

    boot_id: str = Field(max_length=128)
    ended_at: AwareDatetime
    revisions: list[RevisionCounters]


class Position(NamedTuple):
    """Up to where somebody has what a gateway counts, or holds until it is fetched: nothing, at first."""

    boot_id: str = ""
    number: int = 0

    @property
    def query(self) -> str:
        return f"boot={quote(self.boot_id, safe='')}&after={self.number}"


class CounterBatch(BaseModel):
    """The counters that changed after a position."""

    boot_id: str = Field(max_length=128)
    position: int = Field(ge=0, le=LARGEST_CURSOR, description="what to ask after the next time")
    revisions: list[RevisionCounters]
    earlier: list[BootCounters] = Field(default_factory=list, description="boots that ended unseen, in their order")
    lines: int | None = Field(default=None, ge=0, le=LARGEST_CURSOR, description="the cursor of the newest log line")
    calls: int | None = Field(default=None, ge=0, le=LARGEST_CURSOR, description="the cursor of the newest call")

    @property
    def reached(self) -> Position:
        return Position(self.boot_id, self.position)


class GatewayReport(GatewayState):
    """All that a probe of a gateway asks for, in one answer: ``deployments`` are only those that changed."""

    counted: CounterBatch | None = Field(default=None, description="None where no position was told")
    number: int = Field(default=0, ge=0, le=LARGEST_CURSOR, description="what to ask after the next time")
    held: list[str] | None = Field(
        default=None, description="the ids of all deployments; None where ``deployments`` are all"
    )
