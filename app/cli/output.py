"""What people and scripts see: tables, JSON, errors. What came from a server never controls the terminal."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from nexdeck.app.cli.exits import CliError, ExitCode

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(value: Any) -> str:
    """A text for the terminal: without the characters that steer it or turn text around; None is empty."""
    return "" if value is None else _CONTROLS.sub("�", str(value))


def write_out(content: bytes, output: Path | None) -> None:
    """Byte for byte to a file, or to standard output when there is none. Raises CliError when it cannot be written."""
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise CliError.because(ExitCode.USAGE, f"{output} cannot be written ({error.strerror}).") from error


def when(time: str | None) -> str:
    """``2026-11-23T22:52:43.367408Z`` → ``2026-11-23 22:52:43 UTC``; None is empty."""
    return f"{time[:10]} {time[11:19]} UTC" if time else ""


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table on a terminal; the same columns, never cut, where the output goes into a file or a pipe."""
    from rich.box import SIMPLE_HEAD  # rich takes 0.05 s to import, and `nexdeck run` needs none of it
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.upper(), overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell), style=_STYLES.get(str(cell), "")) for cell in row))
    if not table.row_count:
        print(empty)
        return
    Console(width=None if sys.stdout.isatty() else 10_000, highlight=False).print(table)


def print_list(
    items: list[dict[str, Any]], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str, as_json: bool
) -> None:
    """What a server listed: its items as JSON, or a table of ``rows``."""
    if as_json:
        print_json(items)
    else:
        print_table(columns, rows, empty=empty)


def print_fields(fields: Iterable[tuple[str, Any]]) -> None:
    """``name  value`` lines; empty values are left out."""
    shown = [(name, plain(value)) for name, value in fields if value not in (None, "")]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"{name:<{width}}  {value}")


def report(error: CliError, as_json: bool) -> None:
    """Say on standard error what went wrong: one line and what to do, or the problem document."""
    if as_json:
        print(json.dumps(error.problem), file=sys.stderr)
        return
    detail = plain(error.problem.get("detail")) or f"It failed with status {error.problem.get('status')}."
    print(f"error: {detail}", file=sys.stderr)
    for place in error.problem.get("errors") or []:
        line = f"line {place['line']}, column {place.get('column') or 1}: " if place.get("line") else ""
        path = f"{place['path']}: " if place.get("path") else ""
        if (said := plain(f"{line}{path}{place.get('message')}")) not in detail:
            print(f"  {said}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


def confirm(question: str, yes: bool, *, in_scripts: bool = False) -> None:
    """Ask before an act that cannot be undone. Without a terminal nobody can answer: then --yes must have been given,
    unless the act is one that scripts may do unasked (``in_scripts``)."""
    if yes or (in_scripts and not sys.stdin.isatty()):
        return
    if not sys.stdin.isatty():
        raise CliError.because(ExitCode.USAGE, f"{question} Say --yes, as there is no terminal to ask on.")
    typer.confirm(question, abort=True, err=True)


_STYLES = {
    "running": "green",
    "healthy": "green",
    "online": "green",
    "failed": "red",
    "unhealthy": "red",
    "offline": "red",
    "breaking": "red",
    "safe": "green",
    "degraded": "yellow",
    "deploying": "cyan",
    "pending": "cyan",
    "starting": "cyan",
    "stopped": "dim",
    "paused": "dim",
    "unknown": "dim",
}
