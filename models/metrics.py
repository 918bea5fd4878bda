"""What calls of deployments added up to: counts for each minute, quarter of an hour, hour and day, and how far counting
has come.

A row is a sum, so rows merge by addition; averages, rates and percentiles are computed when they are asked for.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from nexdeck.models.cursors import ROW_NUMBER, CursorRow

ALL_REVISIONS = 0
ALL_CHANNELS = ""
NO_CALLS: Mapping[int, int] = MappingProxyType({})


class MetricSeries(SQLModel, table=True):
    """Of one channel of a revision of a deployment, or, with an empty ``deployment_id``, of a whole gateway."""

    __tablename__ = "metric_series"
    __table_args__ = (UniqueConstraint("deployment_id", "gateway_id", "revision", "channel"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=ROW_NUMBER)
    deployment_id: str
    gateway_id: str = Field(index=True)
    revision: int
    channel: str = Field(max_length=8)


class Counts(SQLModel):
    """Latencies are whole microseconds; ``histogram`` is ``models.histogram.pack`` of theirs."""

    requests: int = Field(sa_type=BigInteger)
    client_errors: int = Field(sa_type=BigInteger)
    refused: int = Field(sa_type=BigInteger)
    errors: int = Field(sa_type=BigInteger)
    timeouts: int = Field(sa_type=BigInteger)
    cancelled: int = Field(sa_type=BigInteger)
    latency_us_sum: int = Field(sa_type=BigInteger)
    tokens_in: int = Field(sa_type=BigInteger)
    tokens_out: int = Field(sa_type=BigInteger)
    cost: float
    latency_us_min: int = Field(sa_type=BigInteger)
    latency_us_max: int = Field(sa_type=BigInteger)
    in_flight: int = Field(sa_type=BigInteger, description="the most that a probe saw")
    histogram: bytes


class MetricCount(Counts, table=True):
    """The counters of a series at the last probe of its gateway: what came after them is still to be added."""

    __tablename__ = "metric_count"

    series_id: int = Field(primary_key=True, foreign_key="metric_series.id", sa_type=ROW_NUMBER)
    boot_id: str


class MetricCursor(CursorRow, table=True):
    __tablename__ = "metric_cursor"


class Rollup(Counts):
    """A row of a tier, clustered by series: a chart reads its rows one after the other. ``start``: Unix seconds."""

    series_id: int = Field(primary_key=True, foreign_key="metric_series.id", sa_type=ROW_NUMBER)
    start: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


class MetricMinute(Rollup, table=True):
    __tablename__ = "metric_minute"
    __table_args__ = {"sqlite_with_rowid": False}


class MetricQuarter(Rollup, table=True):
    __tablename__ = "metric_quarter"
    __table_args__ = {"sqlite_with_rowid": False}


class MetricHour(Rollup, table=True):
    __tablename__ = "metric_hour"
    __table_args__ = {"sqlite_with_rowid": False}


class MetricDay(Rollup, table=True):
    __tablename__ = "metric_day"
    __table_args__ = {"sqlite_with_rowid": False}


class MetricMerge(SQLModel, table=True):
    """How far the rows of a tier have been added to the tier above it: all before ``until``, and of the unit that
    begins there those of the series up to ``series_id``."""

    __tablename__ = "metric_merge"

    tier: str = Field(primary_key=True, max_length=8)
    until: int = Field(default=0, sa_type=BigInteger, description="Unix seconds")
    series_id: int = Field(default=0, sa_type=BigInteger)


class Tier(StrEnum):
    """From the finest to the coarsest. A quarter of an hour is for charts: a day of them is read in no time."""

    MINUTE = "minute"
    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"

    @property
    def seconds(self) -> int:
        return {Tier.MINUTE: 60, Tier.QUARTER: 900, Tier.HOUR: 3600, Tier.DAY: 86_400}[self]

    @property
    def table(self) -> type[Rollup]:
        return {
            Tier.MINUTE: MetricMinute,
            Tier.QUARTER: MetricQuarter,
            Tier.HOUR: MetricHour,
            Tier.DAY: MetricDay,
        }[self]

    @property
    def above(self) -> "Tier | None":
        return {Tier.MINUTE: Tier.QUARTER, Tier.QUARTER: Tier.HOUR, Tier.HOUR: Tier.DAY}.get(self)

    @property
    def below(self) -> "Tier | None":
        return next((tier for tier in Tier if tier.above is self), None)

    @property
    def kept_seconds(self) -> int:
        hours = {Tier.MINUTE: 48, Tier.QUARTER: 48, Tier.HOUR: 90 * 24, Tier.DAY: 730 * 24}
        return hours[self] * 3600


class Amounts(NamedTuple):
    """The columns of ``Counts`` in their order, with the histogram unpacked: first those that are added up."""

    requests: int = 0
    client_errors: int = 0
    refused: int = 0
    errors: int = 0
    timeouts: int = 0
    cancelled: int = 0
    latency_us_sum: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    latency_us_min: int = 0
    latency_us_max: int = 0
    in_flight: int = 0
    buckets: Mapping[int, int] = NO_CALLS

    @property
    def failures(self) -> int:
        """Calls that the deployment is to blame for: errors and timeouts."""
        return self.errors + self.timeouts
