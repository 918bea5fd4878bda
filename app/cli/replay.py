"""``nexdeck replay``: recorded calls made again, to see what a version would change."""

from typing import Annotated, Any

import typer

from nexdeck.app.cli.exits import ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, plain, print_json, print_table

POLL_SECONDS = 30
WARNING = "The calls run for real: whatever the agent does (mail, orders, payments), it does again."


def replay(
    name: Annotated[str, typer.Argument(help="The deployment's name or id.")],
    version: Annotated[str | None, typer.Option(help="Against this version, as a redeploy would run it.")] = None,
    revision: Annotated[int | None, typer.Option(min=1, help="Against an earlier revision.")] = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, max=200, help="How many of the newest calls.")] = 20,
    request: Annotated[list[str] | None, typer.Option(metavar="ID", help="These calls; may be repeated.")] = None,
    with_live: Annotated[bool, typer.Option("--with-live", help="Make each call on the live revision too.")] = False,
    yes: Yes = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make recorded calls again, on the live revision unless another is named, and compare the answers.

    Ends with exit code 1 when a call that was answered well before is not now.
    """
    confirm(f"{WARNING} Replay on {name}?", yes)
    server = Server(url)
    body = {"version": version, "revision": revision, "last": last, "requests": request or [], "with_live": with_live}
    told = server.post("deployments", name, "replays", body=body)
    try:
        while told["status"] == "running":
            told = server.call("GET", "deployments", name, "replays", told["id"], query={"wait": POLL_SECONDS})
    except KeyboardInterrupt:
        server.post("deployments", name, "replays", told["id"], "cancel")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    print_json(told) if as_json else _print(told)
    if told["status"] != "succeeded" or told["verdicts"].get("worse"):
        raise typer.Exit(ExitCode.FAILED)


def _print(told: dict[str, Any]) -> None:
    results = sorted(told["results"], key=lambda each: each["request"])
    rows = (
        (
            *(each["request"], each["verdict"], _status(each["recorded"]), _status(each["candidate"])),
            *(f"{each[side]['milliseconds']:.1f}" if each[side] else "" for side in ("recorded", "live", "candidate")),
            "\n".join(_difference(difference) for difference in each["differences"]),
        )
        for each in results
    )
    columns = ("request", "verdict", "recorded", "now", "ms recorded", "ms live", "ms now", "what differs")
    print_table(columns, rows, empty="No call was made.")
    counts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(told["verdicts"].items()))
    print(f"\n{told['done']} of {told['total']} calls against {plain(told['against'])}: {counts or 'none'}.")
    if told["error"]:
        print(plain(told["error"]))


def _status(answer: dict[str, Any]) -> str:
    return f"{answer['status']} {answer['code'] or ''}".strip()


def _difference(difference: dict[str, Any]) -> str:
    place = difference["path"] or "the answer"
    sides = [difference[side] for side in ("before", "after") if difference[side] is not None]
    return f"{place} {difference['kind']}: {' → '.join(sides)}"
