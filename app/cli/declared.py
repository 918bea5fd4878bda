"""``apply`` and ``export``: deployments as a YAML file that can be kept beside the agents' sources."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, plain, print_json, print_table, write_out

LONGEST_SECONDS = 3600.0
File = Annotated[
    Path, typer.Option("--file", "-f", metavar="FILE", help="The YAML file; - for standard input.", show_default=False)
]


def apply(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and do nothing.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Undeploy what is not declared.")] = False,
    allow_breaking: Annotated[
        bool, typer.Option("--allow-breaking", help="Go ahead although callers of today would break.")
    ] = False,
    yes: Yes = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make the deployments what a YAML file declares: prints the plan, carries it out, and waits for the end.

    Nothing is done when anything in the file is wrong, and nothing when everything is as declared.
    """
    server, body = Server(url), {"source": _read(file), "prune": prune, "allow_breaking": allow_breaking}
    planned = server.post("apply", body=body | {"dry_run": True})
    due = [change for change in planned["plan"] if change["action"] != "none"]
    if not as_json:
        _print_plan(planned["plan"], due)
    if dry_run or not due:
        if as_json:
            print_json(planned)
        return
    if removed := [change["name"] for change in due if change["action"] == "undeploy"]:
        confirm(f"Undeploy {', '.join(removed)}? Endpoints and keys go away.", yes, in_scripts=True)
    done = server.post("apply", body=body, seconds=LONGEST_SECONDS)
    print_json(done) if as_json else _print_outcome(done["changes"])
    if failed := [change for change in done["changes"] if not change["succeeded"]]:
        names = ", ".join(dict.fromkeys(change["name"] for change in failed))
        detail = f"{len(failed)} of {len(done['changes'])} changes did not succeed: {names}."
        raise CliError.because(ExitCode.FAILED, detail, code="apply_failed", hint="`nexdeck status NAME` shows more.")


def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    url: Url = None,
) -> None:
    """Print all deployments as the YAML that `nexdeck apply` takes; secrets by name only."""
    text = Server(url).raw("GET", "export").body
    write_out(text, output)


def _read(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise CliError.because(ExitCode.USAGE, f"{file} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise CliError.because(ExitCode.USAGE, f"{file} is not UTF-8 text (byte {error.start}).") from error


def _print_plan(plan: list[dict[str, Any]], due: list[dict[str, Any]]) -> None:
    rows = ((change["action"], change["name"], change["gateway"], change["why"]) for change in due)
    print_table(("action", "deployment", "gateway", "why"), rows, empty="Nothing to do.")
    if others := [change["name"] for change in plan if not change["declared"] and change not in due]:
        print(f"Not declared, and left as they are without --prune: {plain(', '.join(others))}.")


def _print_outcome(changes: list[dict[str, Any]]) -> None:
    for change in changes:
        outcome = "done" if change["succeeded"] else plain(change["error"] or "it has not ended yet")
        print(f"{'✓' if change['succeeded'] else '✗'} {change['action']} {change['name']}: {outcome}")
        if change["key"]:
            print(f"  invocation key, shown only this once: {change['key']}")
