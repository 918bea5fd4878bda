"""Metrics of a deployment, of a gateway and of everything, as JSON and as CSV."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from nexdeck.app.api.metric_text import as_csv, series_shape
from nexdeck.app.api.parameters import Caller, Reference, Services, Time
from nexdeck.app.api.schemas.metrics import MetricSeriesShape
from nexdeck.models.actor import Actor
from nexdeck.models.choices import Channel, Range
from nexdeck.services.metrics.service import Scope, Series
from nexdeck.services.rules.windows import moment
from nexdeck.services.studio import Studio

router = APIRouter(prefix="/v1", tags=["metrics"])
CSV = "text/csv; charset=utf-8"


class MetricFormat(StrEnum):
    JSON = "json"
    CSV = "csv"


class _Window:
    def __init__(
        self,
        range: Annotated[Range, Query(description="how far back from now, or from `until`")] = Range.HOUR,
        since: Annotated[Time | None, Query(description="from this time on, instead of a range")] = None,
        until: Annotated[Time | None, Query(description="before this time; now if it is left out")] = None,
        format: Annotated[MetricFormat, Query(description="csv: the points, as a file")] = MetricFormat.JSON,
    ) -> None:
        self.range, self.since, self.until, self.format = range, since, until, format

    async def answer(self, studio: Studio, actor: Actor, scope: Scope) -> MetricSeriesShape | Response:
        series = await studio.metrics.series(scope, self.range, since=self.since, until=self.until, actor=actor)
        return _csv(series) if self.format is MetricFormat.CSV else series_shape(series)


Window = Annotated[_Window, Depends()]
ANSWERS = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}
Revision = Annotated[int | None, Query(ge=1, lt=2**31, description="calls of this revision only")]
OneChannel = Annotated[Channel | None, Query(description="calls through this channel only")]


@router.get("/metrics", response_model=MetricSeriesShape, responses=ANSWERS)
async def get_metrics(studio: Services, actor: Caller, window: Window) -> MetricSeriesShape | Response:
    """What all calls through all gateways add up to."""
    return await window.answer(studio, actor, Scope())


@router.get("/gateways/{gateway}/metrics", response_model=MetricSeriesShape, responses=ANSWERS)
async def get_gateway_metrics(
    studio: Services, actor: Caller, gateway: Reference, window: Window
) -> MetricSeriesShape | Response:
    """What all calls through a gateway add up to."""
    return await window.answer(studio, actor, Scope(gateway=gateway))


@router.get("/deployments/{deployment}/metrics", response_model=MetricSeriesShape, responses=ANSWERS)
async def get_deployment_metrics(
    studio: Services,
    actor: Caller,
    deployment: Reference,
    window: Window,
    revision: Revision = None,
    channel: OneChannel = None,
) -> MetricSeriesShape | Response:
    """What the calls of a deployment add up to, in steps that fit the range."""
    return await window.answer(studio, actor, Scope(deployment=deployment, revision=revision, channel=channel))


def _csv(series: Series) -> Response:
    stamp = moment(series.window.since).strftime("%Y%m%d-%H%M")
    headers = {"Content-Disposition": f'attachment; filename="{series.name}-metrics-{stamp}.csv"'}
    return Response(as_csv(series), media_type=CSV, headers=headers)
