"""Metrics of deployments, gateways and everything: collected, kept small, and read as a series of points in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Row, Select, bindparam
from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.choices import Channel, Range
from nexdeck.models.gateway import Gateway
from nexdeck.models.metrics import ALL_REVISIONS, Amounts, MetricSeries, Tier
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.gateways.rows import find_gateway
from nexdeck.services.metrics.annotations import Annotation, annotations_in
from nexdeck.services.metrics.collector import MetricCollector
from nexdeck.services.metrics.retention import MetricRetention
from nexdeck.services.metrics.rows import merges_of
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.rollup import COLUMNS, percentiles, total, total_of_rows
from nexdeck.services.rules.windows import Window, moment, since_the_minute_of, window_between, window_of


@dataclass(frozen=True)
class Scope:
    """Whose metrics: a deployment's, by id or name, perhaps of one revision or channel only; a gateway's; all."""

    deployment: str | None = None
    gateway: str | None = None
    revision: int | None = None
    channel: Channel | None = None


@dataclass(frozen=True)
class Point:
    """What calls added up to from ``at`` on, for a step. Percentiles and average: milliseconds, None without calls."""

    at: datetime
    amounts: Amounts
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None

    @property
    def error_rate(self) -> float | None:
        return self.amounts.failures / self.amounts.requests if self.amounts.requests else None

    @property
    def avg_ms(self) -> float | None:
        return self.amounts.latency_us_sum / 1000 / self.amounts.requests if self.amounts.requests else None


@dataclass(frozen=True)
class Series:
    """``total`` is the point of the whole window; ``revisions`` are those that have metrics, the newest first."""

    name: str
    scope: Scope
    window: Window
    points: list[Point]
    total: Point
    marks: list[Annotation]
    revisions: list[int]


class MetricsService:
    def __init__(self, database: Database, collector: MetricCollector) -> None:
        self._database = database
        self._collector = collector
        self._retention = MetricRetention(database)
        self.merge_upward = self._retention.merge_upward

    async def series(
        self,
        scope: Scope,
        span: Range = Range.HOUR,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: Actor,
    ) -> Series:
        """The last ``span``, or what lies between two times. Raises NotFound, and InvalidInput for a wrong window."""
        present = now()
        window = window_of(span, present)
        if since is not None or until is not None:
            end = until or present
            window = window_between(since or end - span.span, end, present)
        return await self._database.read(lambda session: read_series(session, scope, window))

    async def total(self, scope: Scope, since: datetime, *, actor: Actor) -> Point:
        """What calls added up to since the minute of a time in the last 48 h. Raises NotFound."""
        window = since_the_minute_of(since, now())
        return (await self._database.read(lambda session: read_series(session, scope, window))).total

    async def collect(self, gateway: Gateway) -> int:
        """Take what a gateway counted; returns how many calls. Raises GatewayUnreachable and GatewayError."""
        return await self._collector.collect(gateway)

    async def collect_all(self) -> None:
        """What the scheduler calls each second."""
        await self._collector.sweep()

    async def prune(self) -> None:
        """What the scheduler calls."""
        if await self._retention.prune():
            self._collector.forget()

    @property
    def collections(self) -> dict[str, int]:
        """Outcome → how many looks at gateways ended so since the start."""
        return self._collector.rounds

    @property
    def calls(self) -> int:
        """How many were counted since the start."""
        return self._collector.calls

    async def close(self) -> None:
        await self._collector.close()


def read_series(session: Session, scope: Scope, window: Window) -> Series:
    name, condition, marks = _subject(session, scope, window)
    found = session.exec(select(MetricSeries.id, MetricSeries.revision, MetricSeries.channel).where(condition)).all()
    ids = [one.id for one in found if scope.revision in (None, one.revision) and scope.channel in (None, one.channel)]
    steps: list[list[Row]] = [[] for _ in window.starts]
    for row in _rows(session, ids, window):
        steps[(row[-1] - window.since) // window.step].append(row)
    sums = [total_of_rows(rows) for rows in steps]
    return Series(
        name=name,
        scope=scope,
        window=window,
        points=[_point(start, amounts) for start, amounts in zip(window.starts, sums, strict=True)],
        total=_point(window.since, total(sums)),
        marks=marks,
        revisions=sorted({one.revision for one in found} - {ALL_REVISIONS}, reverse=True),
    )


def _subject(session: Session, scope: Scope, window: Window) -> tuple[str, ColumnElement[bool], list[Annotation]]:
    """What the scope is called, which series it is, and what happened there."""
    since, until = moment(window.since), moment(window.until)
    if scope.deployment is not None:
        row = find_deployment(session, scope.deployment)
        marks = annotations_in(session, since, until, gateway_id=row.gateway_id, deployment_id=row.id)
        return row.name, MetricSeries.deployment_id == row.id, marks
    of_gateways = MetricSeries.deployment_id == ""
    if scope.gateway is not None:
        gateway = find_gateway(session, scope.gateway)
        marks = annotations_in(session, since, until, gateway_id=gateway.id)
        return gateway.name, of_gateways & (MetricSeries.gateway_id == gateway.id), marks
    return "everything", of_gateways, annotations_in(session, since, until)


def _rows(session: Session, ids: list[int], window: Window) -> Iterator[Row]:
    """(values of ``COLUMNS`` …, start) in the window; what is not merged into the tier yet comes from those below."""
    merges, since = merges_of(session), window.since
    for tier in reversed([tier for tier in Tier if tier.seconds <= window.tier.seconds]):
        until = min(window.until, merges[tier.below].until) if tier.below else window.until
        if since < until:
            asked = {"ids": ids, "since": since, "until": until}
            yield from session.connection().execute(_rows_of(tier), asked).all()
            since = until


@cache  # composing it costs as much as running it
def _rows_of(tier: Tier) -> Select:
    column = tier.table.__table__.c  # of the table, not the model: a third of the time
    return select(*(column[name] for name in COLUMNS), column.start).where(
        column.series_id.in_(bindparam("ids", expanding=True)),
        column.start >= bindparam("since"),
        column.start < bindparam("until"),
    )


def _point(start: int, amounts: Amounts) -> Point:
    return Point(moment(start), amounts, *percentiles(amounts, 0.5, 0.95, 0.99))
