"""Metrics as JSON: points in time, what they add up to, and what happened meanwhile."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class MetricPointShape(BaseModel):
    """Sums from ``at`` on, for one step. Rates, averages and percentiles are null where there were no calls."""

    at: datetime
    requests: int
    client_errors: int = Field(description="answers 4xx, but for the refused ones")
    refused: int = Field(description="by the deployment's own limits: 429, and 503 where all calls were in use")
    errors: int = Field(description="answers 5xx, but for refusals and timeouts")
    timeouts: int = Field(description="the agent did not answer in time")
    cancelled: int = Field(description="the caller went away")
    error_rate: float | None = Field(description="errors and timeouts as a share of the requests, 0 to 1")
    avg_ms: float | None
    min_ms: float | None
    max_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    in_flight: int = Field(description="the most calls at once that a look saw")
    tokens_in: int = Field(description="of language models, as their providers report them")
    tokens_out: int
    cost: float = Field(description="of the tokens, where prices are set; else 0")


class MetricMarkShape(BaseModel):
    at: datetime
    kind: Literal["revision", "incident"]
    label: str
    until: datetime | None = Field(description="the end of an incident; null for one that goes on, and for a revision")


class MetricSeriesShape(BaseModel):
    name: str = Field(description="of the deployment or the gateway; `everything` for all of them")
    since: datetime
    until: datetime
    step_seconds: int
    tier: str = Field(description="which rows the points were made of: minute, quarter, hour or day")
    revisions: list[int] = Field(description="those that have metrics, the newest first")
    total: MetricPointShape = Field(description="of the whole time; percentiles are those of all its calls")
    points: list[MetricPointShape]
    marks: list[MetricMarkShape]
