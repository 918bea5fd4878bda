"""``nexdeck metrics``: what the calls of a deployment add up to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.output import print_json, print_table, when, write_out
from nexdeck.app.cli.requests import Channel
from nexdeck.models.choices import Range

COLUMNS = ("from", "requests", "failed", "refused", "p50 ms", "p95 ms", "p99 ms", "in flight", "tokens", "written")


def metrics(
    name: Annotated[str, typer.Argument(help="The deployment's name or id.")],
    span: Annotated[Range, typer.Option("--range", help="How far back from now.")] = Range.HOUR,
    revision: Annotated[int | None, typer.Option(min=1, help="Calls of this revision only.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="Calls through this channel only.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write every point to this file as CSV.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show requests, errors, latencies and tokens of a deployment over time."""
    server, query = Server(url), {"range": span, "revision": revision, "channel": channel}
    if csv is not None:
        write_out(server.raw("GET", "deployments", name, "metrics", query=query | {"format": "csv"}).body, csv)
        return
    series = server.get("deployments", name, "metrics", **query)
    if as_json:
        print_json(series)
        return
    rows = [_row(when(point["at"]), point) for point in series["points"] if point["requests"]]
    if rows:
        rows.append(_row("in all", series["total"]))
    print_table(COLUMNS, rows, empty=f"{name} had no calls within {span.value}.")


def _row(label: str, point: dict[str, Any]) -> tuple:
    failed, refused = point["errors"] + point["timeouts"], point["refused"] + point["client_errors"]
    latencies = (f"{point[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms"))
    tokens = (point["tokens_in"] or "", point["tokens_out"] or "")
    return (label, point["requests"], failed or "", refused or "", *latencies, point["in_flight"], *tokens)
