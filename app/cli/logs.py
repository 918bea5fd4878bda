"""``nexdeck logs``: the lines of a deployment, and those that come."""

import http.client
import json
import re
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from nexdeck.app.cli.durations import moment_in
from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Since, Until, Url
from nexdeck.app.cli.output import plain, print_json

SILENCE_SECONDS = 30.0  # a stream sends a heartbeat each 10 s; one that is silent for longer is dead
PAUSES = (0.2, 0.5, 1, 2, 5)  # seconds before each further try to come back
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_STYLES = {"WARNING": typer.colors.YELLOW, "ERROR": typer.colors.RED, "CRITICAL": typer.colors.RED}


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


def logs(
    name: Annotated[str, typer.Argument(help="The deployment's name or id.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=1000, help="How many lines to begin with.")] = 100,
    level: Annotated[Level | None, typer.Option(help="Lines of this level or above.", case_sensitive=False)] = None,
    search: Annotated[str | None, typer.Option("--search", "-q", help="Words that are in the line.")] = None,
    request: Annotated[str | None, typer.Option(metavar="ID", help="Lines of this request.")] = None,
    since: Since = None,
    until: Until = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what a deployment logs and prints, and what happened to it; with -f as it comes."""
    server = Server(url)
    query = {"level": level and level.value.upper(), "q": search, "request_id": request}
    times = {"since": moment_in(since, "--since", ago=True), "until": moment_in(until, "--until", ago=True)}
    if follow and (since or until):
        raise CliError.because(ExitCode.USAGE, "--follow goes on with what comes: say no --since or --until with it.")
    try:
        if follow:
            for line in _followed(server, name, query | {"lines": lines}):
                _show(line, as_json)
        elif lines:
            for line in server.get("deployments", name, "logs", limit=lines, **query, **times)["items"]:
                _show(line, as_json)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _followed(server: Server, name: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lines as they come. A connection that breaks is made again and goes on after the last line that was seen."""
    last, failures = None, 0
    while True:
        try:
            for line in _stream(server, name, query, last):
                last, failures = max(last or 0, line["id"]), 0
                yield line
            reason = "the stream ended"
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
        except CliError as error:
            if (last is None and not failures) or error.exit_code is not ExitCode.UNREACHABLE:
                raise
            reason = str(error)
        if not failures:
            print(f"nexdeck: {plain(reason)}; connecting again …", file=sys.stderr)
        time.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
        failures += 1


def _stream(server: Server, name: str, query: dict[str, Any], last: int | None) -> Iterator[dict[str, Any]]:
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    with server.stream(
        "deployments", name, "logs", "stream", query=query, headers=headers, silence=SILENCE_SECONDS
    ) as answer:
        kind = ""
        for raw in answer:
            field, _, value = raw.decode("utf-8", "replace").rstrip("\r\n").partition(": ")
            if field == "event":
                kind = value
            elif field == "data" and kind == "dropped":
                print(f"nexdeck: {plain(json.loads(value)['detail'])}", file=sys.stderr)
            elif field == "data" and not kind:
                yield json.loads(value)


def _show(line: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(line)
    else:
        facts = f"{line['time'][:23].replace('T', ' ')} {line['level']:<8}"
        source = f"[{line['request_id'][:12]}] " if line["request_id"] else ""
        below = "\n".join(part for part in (line["message"], line["exception"]) if part)
        first, *rest = plain(_COLOURS.sub("", below)).splitlines() or [""]
        text = "\n    ".join([f"{facts} {plain(source)}{first}", *rest])
        colour = _STYLES.get(line["level"]) if sys.stdout.isatty() else None
        print(typer.style(text, fg=colour) if colour else text)
    sys.stdout.flush()
