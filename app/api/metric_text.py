"""Metrics as shapes and as CSV."""

import csv
import io

from nexdeck.app.api.schemas.metrics import MetricMarkShape, MetricPointShape, MetricSeriesShape
from nexdeck.services.metrics.service import Point, Series
from nexdeck.services.rules.windows import moment

COUNTS = ("requests", "client_errors", "refused", "errors", "timeouts", "cancelled")
USE = ("in_flight", "tokens_in", "tokens_out", "cost")


def series_shape(series: Series) -> MetricSeriesShape:
    return MetricSeriesShape(
        name=series.name,
        since=moment(series.window.since),
        until=moment(series.window.until),
        step_seconds=series.window.step,
        tier=series.window.tier,
        revisions=series.revisions,
        total=_point_shape(series.total),
        points=[_point_shape(point) for point in series.points],
        marks=[MetricMarkShape(at=m.at, kind=m.kind, label=m.label, until=m.until) for m in series.marks],
    )


def as_csv(series: Series) -> str:
    """A line for each point. All its cells are times and numbers of our own: no text that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(MetricPointShape.model_fields))
    writer.writeheader()
    for point in series.points:
        writer.writerow(_point_shape(point).model_dump(mode="json"))
    return text.getvalue()


def _point_shape(point: Point) -> MetricPointShape:
    amounts, has_calls = point.amounts, point.amounts.requests > 0
    return MetricPointShape(
        at=point.at,
        error_rate=_rounded(point.error_rate, 5),
        avg_ms=_rounded(point.avg_ms),
        min_ms=amounts.latency_us_min / 1000 if has_calls else None,
        max_ms=amounts.latency_us_max / 1000 if has_calls else None,
        p50_ms=_rounded(point.p50_ms),
        p95_ms=_rounded(point.p95_ms),
        p99_ms=_rounded(point.p99_ms),
        **{name: getattr(amounts, name) for name in (*COUNTS, *USE)},
    )


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
