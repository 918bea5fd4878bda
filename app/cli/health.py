"""``nexdeck health``: how things are and why. ``nexdeck incidents``: what is not well, and what people do about it."""

from typing import Annotated, Any

import typer

from nexdeck.app.cli.deployments import everything
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.output import plain, print_fields, print_json, print_list, when
from nexdeck.models.percents import percent_words

incidents = typer.Typer(help="What is not well, since when, and what people did about it.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The incident's id, as `incidents list` shows it.")]


def health(
    name: Annotated[
        str | None,
        typer.Argument(help="A deployment's name or id, or with --gateway a gateway's; without it: everything."),
    ] = None,
    gateway: Annotated[
        bool, typer.Option("--gateway", help="NAME is a gateway; without a NAME: all gateways.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Look now, rather than tell what the last look saw.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show how a deployment or a gateway is, why, and its uptime; without a name everything, worst first."""
    server = Server(url)
    if name is None:
        _print_board(everything(server, "health", kind="gateway" if gateway else None), as_json)
        return
    if check:
        server.post(*(("gateways", name, "check") if gateway else checks_of(name)))
    seen = server.get(*checks_of(name, is_gateway=gateway))
    if as_json:
        print_json(seen)
        return
    marks = [word for word in ("flapping", "in maintenance") if seen[word.replace(" ", "_")]]
    if seen["paused"]:
        why = f": {seen['pause_reason']}" if seen["pause_reason"] else ""
        marks.append(f"paused by {seen['paused_by']}{why}")
    print_fields(
        [
            ("health", seen["health_status"]),
            ("because", seen["reason"]),
            ("since", when(seen["since"])),
            ("seen", when(seen["checked_at"])),
            ("note", ", ".join(marks)),
            *((f"uptime {span}", _percent(value)) for span, value in seen["uptime"].items()),
        ]
    )
    for change in reversed(seen["changes"][:10]):
        print(f"{when(change['at'])}  {change['state']:<9}  {plain(change['reason'])}")


def checks_of(name: str, *, is_gateway: bool = False) -> tuple[str, ...]:
    """The path of the health of a deployment or a gateway; what is done to its checks is below it."""
    return ("gateways" if is_gateway else "deployments", name, "health")


@incidents.command("list")
def list_incidents(
    all_: Annotated[bool, typer.Option("--all", help="The closed ones too.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the open incidents, the worst first."""
    found = everything(Server(url), "incidents", status=None if all_ else "open")
    rows = (
        (
            *(i["id"], i["severity"], i["title"], i["affected_count"], when(i["opened_at"])),
            *(when(i["closed_at"]), i["acknowledged_by"]),
        )
        for i in found
    )
    columns = ("id", "severity", "what", "affected", "since", "until", "seen to by")
    print_list(found, columns, rows, empty="No incidents." if all_ else "No open incidents.", as_json=as_json)


@incidents.command()
def show(incident: Id, url: Url = None, as_json: AsJson = False) -> None:
    """Show one incident: its timeline, and what it affects."""
    _print_incident(Server(url).get("incidents", incident), as_json)


@incidents.command()
def ack(incident: Id, url: Url = None, as_json: AsJson = False) -> None:
    """Tell others that you see to it."""
    _print_incident(Server(url).post("incidents", incident, "acknowledge"), as_json)


@incidents.command()
def note(
    incident: Id,
    text: Annotated[str, typer.Argument(help="What others should know.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add a note to an incident's timeline."""
    _print_incident(Server(url).post("incidents", incident, "notes", body={"text": text}), as_json)


def _print_board(found: list[dict[str, Any]], as_json: bool) -> None:
    rows = (
        (row["kind"], row["name"], row["health_status"], _percent(row["uptime_percent"]), row["reason"])
        for row in found
    )
    print_list(
        found,
        ("what", "name", "health", "uptime 24 h", "because"),
        rows,
        empty="Nothing is there to look at.",
        as_json=as_json,
    )


def _print_incident(incident: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(incident)
        return
    seen_to = f"by {incident['acknowledged_by']}" if incident["acknowledged_at"] else "by nobody yet"
    print_fields(
        [
            ("what", incident["title"]),
            ("because", incident["reason"]),
            ("severity", incident["severity"]),
            ("since", when(incident["opened_at"])),
            ("until", when(incident["closed_at"])),
            ("seen to", seen_to),
            ("affects", ", ".join(item["name"] for item in incident["affected"])),
        ]
    )
    for event in incident["events"]:
        print(f"{when(event['at'])}  {event['kind']:<12}  {plain(event['message'])}")


def _percent(value: float | None) -> str:
    return "" if value is None else percent_words(value)
