"""Shows a change's steps while they happen, and ends the command as the operation ends."""

import sys
import time
from typing import Any

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.output import plain, print_json

POLL_SECONDS = 0.2
LONGEST_SECONDS = 600.0
_MARKS = {"pending": "·", "running": "…", "succeeded": "✓", "failed": "✗", "skipped": "–"}


def settle(server: Server, change: dict[str, Any], *, wait: bool, as_json: bool) -> dict[str, Any]:
    """Follow a change to its end and print what became of it; returns the change as it is then.

    Raises CliError when the operation failed or was cancelled.
    """
    if wait:
        change["operation"] = _follow(server, change["operation"], live=not as_json)
        change["deployment"] = server.get("deployments", change["deployment"]["id"])
    if as_json:
        print_json(change)
    operation = change["operation"]
    if operation["status"] in ("failed", "cancelled"):
        name = change["deployment"]["name"]
        detail = f"{operation['kind']} of {name} {operation['status']}: {operation['error'] or 'no reason was given'}"
        code = f"operation_{operation['status']}"
        raise CliError.because(ExitCode.FAILED, detail, code=code, hint=f"`nexdeck status {name}` shows more.")
    return change


def _follow(server: Server, operation: dict[str, Any], *, live: bool) -> dict[str, Any]:
    give_up = time.monotonic() + LONGEST_SECONDS
    watch = _watch_on_terminal if live and sys.stdout.isatty() else _watch_quietly
    operation = watch(server, operation, give_up)
    if operation["status"] == "running":
        detail = f"It is still under way after {LONGEST_SECONDS:.0f} s; it goes on by itself."
        raise CliError.because(ExitCode.TIMEOUT, detail, hint="`nexdeck status NAME` shows how it goes.")
    return operation


def _watch_quietly(server: Server, operation: dict[str, Any], give_up: float) -> dict[str, Any]:
    while operation["status"] == "running" and time.monotonic() < give_up:
        operation = server.get("operations", operation["id"], wait=20)
    return operation


def _watch_on_terminal(server: Server, operation: dict[str, Any], give_up: float) -> dict[str, Any]:
    from rich.live import Live  # only a person on a terminal waits for rich
    from rich.text import Text

    with Live(Text(steps_text(operation)), auto_refresh=False, transient=False) as live:
        while True:
            live.update(Text(steps_text(operation)), refresh=True)
            if operation["status"] != "running" or time.monotonic() > give_up:
                return operation
            time.sleep(POLL_SECONDS)
            operation = server.get("operations", operation["id"])


def steps_text(operation: dict[str, Any]) -> str:
    """One line for each step: its mark, its name and its message."""
    lines = []
    for step in operation["steps"]:
        message = plain(step["message"]).replace("\n", " ")
        lines.append(f"  {_MARKS[step['status']]} {step['name']:<10} {message}".rstrip())
    return "\n".join(lines)
