"""What a gateway counts of its calls, as it tells the control plane.

Plain pydantic, no tables: shared with the gateway, as ``models.control``.
"""

from typing import Annotated, NotRequired, Required

from pydantic import BaseModel, Field
from typing_extensions import TypedDict  # typing's own is not enough for pydantic before Python 3.12

from nexdeck.models.choices import Channel
from nexdeck.models.histogram import GROUPS, KEYS

LARGEST_COUNT = 2**53

Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Cost = Annotated[float, Field(ge=0, le=LARGEST_COUNT)]
Milliseconds = Annotated[float, Field(ge=0, le=LARGEST_COUNT / 1000)]
RevisionNumber = Annotated[int, Field(ge=0, lt=2**31)]
BucketKey = Annotated[int, Field(ge=0, lt=GROUPS * KEYS)]


class Counters(BaseModel):
    """Of all revisions. Monotonic since the gateway's boot; a new ``boot_id`` means they began at zero again."""

    requests: int = 0
    errors: int = Field(default=0, description="answers with a status of 500 or above, timeouts included")
    latency_ms_sum: float = 0.0


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
