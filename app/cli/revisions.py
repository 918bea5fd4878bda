"""``diff`` and ``rollback``: what changes between revisions, and the way back."""

import re
import sys
from typing import Annotated, Any

import typer

from nexdeck.app.cli.deploy import NoWait, finish
from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.output import plain, print_json, print_table

Name = Annotated[str, typer.Argument(help="The deployment's name or id.")]
_COLOURS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}


def diff(
    name: Name,
    to_version: Annotated[str | None, typer.Option(help="What redeploying it would change; default: newest.")] = None,
    revisions: Annotated[str | None, typer.Option(metavar="A..B", help="Two revisions that there are.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what a redeploy would change, or what changed between two revisions."""
    server = Server(url)
    if revisions is None:
        told = server.get("deployments", name, "diff", version=to_version)
    else:
        numbers = re.fullmatch(r"([1-9]\d{0,8})\.\.([1-9]\d{0,8})", revisions)
        if numbers is None or to_version is not None:
            detail = "Say either --to-version VERSION or --revisions A..B, like 2..5."
            raise CliError.because(ExitCode.USAGE, detail, code="invalid_input")
        told = server.get("deployments", name, "revisions", numbers[1], "diff", numbers[2])
    if as_json:
        print_json(told)
    else:
        _print_diff(told)


def rollback(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, for the history.")],
    to: Annotated[int | None, typer.Option(metavar="N", min=1, help="Default: the newest proven one before.")] = None,
    no_wait: NoWait = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Run again what an earlier revision ran, as a new revision."""
    server = Server(url)
    change = server.post("deployments", name, "rollback", body={"revision": to, "reason": reason})
    finish(server, change, no_wait, as_json)


def promote(name: Name, no_wait: NoWait = False, url: Url = None, as_json: AsJson = False) -> None:
    """Let the canary that is under way have all callers now."""
    server = Server(url)
    finish(server, server.post("deployments", name, "promote"), no_wait, as_json)


def _print_diff(told: dict[str, Any]) -> None:
    revisions = (_revision_words(told["before_revision"]), _revision_words(told["after_revision"]))
    print(f"{revisions[0]} → {revisions[1]}, version {told['before_version']} → {told['after_version']}")
    if not (told["contract"] or told["options"] or told["texts"]):
        print("Nothing differs in what it runs.")
    if told["contract"]:
        print()
        rows = ((c["path"], c["what"], "breaking" if c["breaking"] else "safe") for c in told["contract"])
        print_table(("contract", "change", "for callers"), rows, empty="")
    if told["options"]:
        print()
        rows = ((o["path"], _value(o["before"]), _value(o["after"])) for o in told["options"])
        print_table(("option", "before", "after"), rows, empty="")
    for text in told["texts"]:
        print(f"\n{plain(text['name'])}  +{text['added']} -{text['removed']}")
        for line in text["lines"]:
            _print_line(plain(line))


def _print_line(line: str) -> None:
    colour = _COLOURS.get(line[:1]) if sys.stdout.isatty() else None
    print(typer.style(line, fg=colour) if colour else line)


def _revision_words(number: int | None) -> str:
    return "redeploy" if number is None else f"revision {number}"


def _value(value: str | None) -> str:
    return "–" if value is None else value
