"""``nexdeck notifications``: who is told of incidents, and what became of it."""

from typing import Annotated, Any

import typer

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.hidden import read_hidden
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, print_json, print_list, when

app = typer.Typer(help="Notifications of incidents: mail, Slack, Teams, webhooks and others.", no_args_is_help=True)
Channel = Annotated[str, typer.Argument(help="The channel's name or id.")]
Names = Annotated[list[str] | None, typer.Option(help="Only of this one; can be given several times.")]


@app.command("list")
def list_channels(url: Url = None, as_json: AsJson = False) -> None:
    """List channels; of their addresses only what is no secret."""
    found = Server(url).get("notifications", "channels")["items"]
    rows = (
        (c["name"], c["kind"], c["shown"], "on" if c["enabled"] else "off", c["rule"]["minimum_severity"])
        for c in found
    )
    empty = "No channels. `nexdeck notifications add NAME` adds one."
    print_list(found, ("name", "kind", "address", "enabled", "from"), rows, empty=empty, as_json=as_json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="A name for the channel, e.g. on-call.")],
    webhook: Annotated[
        bool, typer.Option("--webhook", help="The address is a signed webhook's, not apprise's.")
    ] = False,
    severity: Annotated[str, typer.Option(help="From which severity on: warning or critical.")] = "warning",
    event: Annotated[
        list[str] | None, typer.Option(help="Of what: opened, acknowledged, recovered; default: all.")
    ] = None,
    gateway: Names = None,
    deployment: Names = None,
    quiet: Annotated[str, typer.Option(metavar="HH:MM-HH:MM", help="Hold back what is not critical.")] = "",
    time_zone: Annotated[str, typer.Option(help="Of the quiet hours, e.g. Europe/Berlin.")] = "UTC",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add a channel; its address is asked for or read from standard input, as it holds secrets."""
    rule: dict[str, Any] = {
        "minimum_severity": severity,
        "gateways": gateway or [],
        "deployments": deployment or [],
        "quiet_hours": _quiet(quiet, time_zone),
    }
    if event:
        rule["events"] = event
    kind = "webhook" if webhook else "apprise"
    address = read_hidden("Address of the webhook" if webhook else "Apprise URL")
    body = {"name": name, "kind": kind, "url": address, "rule": rule}
    made = Server(url).post("notifications", "channels", body=body)
    if as_json:
        print_json(made)
        return
    print(f"{made['name']} is added. Try it: nexdeck notifications test {made['name']}")
    if made["signing_secret"]:
        print(f"Its bodies are signed with {made['signing_secret']} (shown only this once)")


@app.command()
def rotate(channel: Channel, url: Url = None, as_json: AsJson = False) -> None:
    """Make a webhook another signing secret, shown only this once; for a day the old one signs too."""
    made = Server(url).post("notifications", "channels", channel, "rotate")
    if as_json:
        print_json(made)
        return
    print(f"The bodies of {made['name']} are signed with {made['signing_secret']} (shown only this once)")
    print(f"The old secret signs beside it until {when(made['old_secret_until'])}.")


@app.command()
def test(channel: Channel, url: Url = None, as_json: AsJson = False) -> None:
    """Send a test now, and say what went wrong if it does not arrive."""
    Server(url).post("notifications", "channels", channel, "test")
    print_json({"tested": channel}) if as_json else print(f"{channel} took the test.")


@app.command()
def deliveries(
    channel: Annotated[str | None, typer.Option(help="Only of this channel.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.")] = 25,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what was told last, and what waits or failed."""
    found = Server(url).get("notifications", "deliveries", channel=channel, limit=limit)["items"]
    rows = (
        (when(d["created_at"]), d["channel"], d["event"], d["title"], d["state"], d["error"], d["id"]) for d in found
    )
    print_list(
        found,
        ("at", "channel", "event", "incident", "state", "error", "id"),
        rows,
        empty="Nothing was told yet.",
        as_json=as_json,
    )


@app.command()
def retry(
    delivery: Annotated[str, typer.Argument(help="The delivery's id.")], url: Url = None, as_json: AsJson = False
) -> None:
    """Send a notice now, also one that was given up."""
    row = Server(url).post("notifications", "deliveries", delivery, "retry")
    print_json(row) if as_json else print(f"{row['id']} is sent to {row['channel']} now.")


@app.command()
def remove(channel: Channel, yes: Yes = False, url: Url = None, as_json: AsJson = False) -> None:
    """Forget a channel; nobody is told through it any more."""
    confirm(f"Remove the channel {channel}?", yes)
    Server(url).call("DELETE", "notifications", "channels", channel)
    print_json({"removed": channel}) if as_json else print(f"{channel} is removed.")


def _quiet(hours: str, time_zone: str) -> dict[str, str] | None:
    if not hours:
        return None
    start, dash, end = hours.partition("-")
    if not dash:
        raise CliError.because(ExitCode.USAGE, f"{hours!r} are no hours; they look like 22:00-07:00")
    return {"start": start.strip(), "end": end.strip(), "time_zone": time_zone}
