"""``nexdeck maintenance``: planned work. ``nexdeck checks``: pauses of what looks at gateways and deployments."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from nexdeck.app.cli.durations import moment_in
from nexdeck.app.cli.health import checks_of
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.output import print_json, print_list, when

app = typer.Typer(
    help="Planned work, during which nothing opens an incident or counts as downtime.", no_args_is_help=True
)
checks = typer.Typer(help="Pause the health checks of a deployment or a gateway.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A deployment's name or id, or with --gateway a gateway's.")]
IsGateway = Annotated[bool, typer.Option("--gateway", help="NAME is a gateway; it pauses what is on it too.")]


@app.command("list")
def list_windows(
    all_: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the work that is under way and to come."""
    found = Server(url).get("maintenance")["items"]
    if not all_:
        found = [window for window in found if _state(window) != "over"]
    rows = (
        (
            *(w["id"], w["scope"], _state(w), when(w["starts_at"]), when(w["ends_at"])),
            *(w["reason"], w["created_by"]),
        )
        for w in found
    )
    columns = ("id", "of", "state", "from", "until", "what is done", "planned by")
    print_list(found, columns, rows, empty="No maintenance is planned.", as_json=as_json)


@app.command()
def add(
    reason: Annotated[str, typer.Argument(help="What is done, for others.")],
    until: Annotated[str, typer.Option(metavar="WHEN", help="Its end: 2h, 3d from now, or a date.")],
    from_: Annotated[str, typer.Option("--from", metavar="WHEN", help="Its beginning; default: now.")] = "0s",
    gateway: Annotated[str | None, typer.Option(help="Of this gateway and what is on it.")] = None,
    deployment: Annotated[str | None, typer.Option(help="Of this deployment.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Plan work on a gateway or a deployment; where neither is named, on everything."""
    times = {"starts_at": moment_in(from_, "--from"), "ends_at": moment_in(until, "--until")}
    body = {"reason": reason, "gateway": gateway, "deployment": deployment} | times
    window = Server(url).post("maintenance", body=body)
    if as_json:
        print_json(window)
        return
    times_in_words = f"{when(window['starts_at'])} until {when(window['ends_at'])}"
    print(f"{window['id']}: {window['scope']}, {times_in_words}.")


@app.command()
def end(
    window: Annotated[str, typer.Argument(metavar="ID", help="The window's id, as `maintenance list` shows it.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """End what is under way, or drop what is to come."""
    Server(url).call("DELETE", "maintenance", window)
    print_json({"ended": window}) if as_json else print(f"{window} is ended.")


@checks.command()
def pause(
    name: Name,
    gateway: IsGateway = False,
    reason: Annotated[str, typer.Option(help="Why, for others.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Look no longer, until it is resumed; that time counts neither as up nor as down."""
    Server(url).post(*checks_of(name, is_gateway=gateway), "pause", body={"reason": reason})
    print_json({"paused": name}) if as_json else print(f"The checks of {name} are paused.")


@checks.command()
def resume(name: Name, gateway: IsGateway = False, url: Url = None, as_json: AsJson = False) -> None:
    """Go on with the checks, beginning with a probe now."""
    Server(url).post(*checks_of(name, is_gateway=gateway), "resume")
    print_json({"resumed": name}) if as_json else print(f"The checks of {name} go on.")


def _state(window: dict[str, Any]) -> str:
    begins, ends = (datetime.fromisoformat(window[name]) for name in ("starts_at", "ends_at"))
    now = datetime.now(UTC)
    return "over" if ends <= now else "under way" if begins <= now else "to come"
