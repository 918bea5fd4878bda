"""What is deployed, and the changes that need no options: ps, status, stop, start, restart, undeploy."""

from typing import Annotated, Any

import typer

from nexdeck.app.cli.deploy import NoWait
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, print_fields, print_json, print_list, when
from nexdeck.app.cli.progress import settle, steps_text

Name = Annotated[str, typer.Argument(help="The deployment's name or id.")]
PAGE = 200


def ps(
    q: Annotated[str | None, typer.Option("--search", "-q", help="Part of a name.")] = None,
    status: Annotated[str | None, typer.Option(help="pending, deploying, running, stopped or failed.")] = None,
    health: Annotated[str | None, typer.Option(help="unknown, healthy, degraded or unhealthy.")] = None,
    gateway: Annotated[str | None, typer.Option(help="On this gateway.")] = None,
    agent: Annotated[str | None, typer.Option(help="Of this agent.")] = None,
    sort: Annotated[str | None, typer.Option(help="name, status, …; with a minus in front the other way.")] = "name",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List deployments."""
    filters = {"q": q, "status": status, "health": health, "gateway": gateway, "agent": agent, "sort": sort}
    found = everything(Server(url), "deployments", **filters)
    rows = (
        (
            d["name"],
            f"{d['agent']} {d['version']}",
            d["gateway"],
            d["status"],
            d["health_status"],
            d["request_count"],
            d["error_count"],
            f"{d['avg_latency_ms']:.1f}" if d["request_count"] else "",
            d["operation"]["kind"] if d["operation"] else "",
        )
        for d in found
    )
    columns = ("name", "agent", "gateway", "status", "health", "calls", "errors", "avg ms", "under way")
    print_list(found, columns, rows, empty="No deployments. `nexdeck deploy AGENT` makes one.", as_json=as_json)


def everything(server: Server, *path: str, **query: Any) -> list[dict[str, Any]]:
    """All items of a list, page after page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = server.get(*path, limit=PAGE, cursor=cursor, **query)
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return items


def status(name: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Show one deployment: state, health, endpoints, and the steps of its last change."""
    server = Server(url)
    deployment = server.get("deployments", name)
    if as_json:
        print_json(deployment)
        return
    print_fields(
        [
            ("name", deployment["name"]),
            ("id", deployment["id"]),
            ("agent", f"{deployment['agent']} {deployment['version']} ({deployment['kind']})"),
            ("gateway", deployment["gateway"]),
            ("status", deployment["status"]),
            ("error", deployment["error_message"]),
            ("wanted", deployment["desired_state"]),
            ("revision", deployment["live_revision"]),
            ("health", deployment["health_status"]),
            ("because", deployment["health_reason"]),
            ("seen", when(deployment["last_health_check"])),
            ("deployed", f"{when(deployment['deployed_at'])} by {deployment['deployed_by']}"),
            ("stopped", when(deployment["stopped_at"])),
            ("calls", f"{deployment['request_count']} ({deployment['error_count']} failed)"),
            ("average", f"{deployment['avg_latency_ms']:.1f} ms" if deployment["request_count"] else None),
            ("api", deployment["api_endpoint"] if "api" in deployment["channels"] else None),
            ("cli", deployment["cli_command"]),
            ("mcp", deployment["mcp_endpoint"]),
        ]
    )
    if operation := deployment["operation"]:
        print(f"\n{operation['kind']}: {operation['status']}")
        print(steps_text(operation))


def stop(name: Name, yes: Yes = False, no_wait: NoWait = False, url: Url = None, as_json: AsJson = False) -> None:
    """Take a deployment off its gateway; `start` brings it back."""
    confirm(f"Stop {name}? Calls to it will fail until it is started again.", yes, in_scripts=True)
    _change("POST", name, "stop", url=url, no_wait=no_wait, as_json=as_json)


def start(name: Name, no_wait: NoWait = False, url: Url = None, as_json: AsJson = False) -> None:
    """Bring a stopped or failed deployment up again."""
    _change("POST", name, "start", url=url, no_wait=no_wait, as_json=as_json)


def restart(name: Name, yes: Yes = False, no_wait: NoWait = False, url: Url = None, as_json: AsJson = False) -> None:
    """Load the same revision afresh, with the secrets as they are now."""
    confirm(f"Restart {name}? It is away for a moment.", yes, in_scripts=True)
    _change("POST", name, "restart", url=url, no_wait=no_wait, as_json=as_json)


def undeploy(name: Name, yes: Yes = False, no_wait: NoWait = False, url: Url = None, as_json: AsJson = False) -> None:
    """Remove a deployment from its gateway for good; its history stays."""
    confirm(f"Undeploy {name}? Its endpoints go away, and its keys with them.", yes)
    _change("DELETE", name, url=url, no_wait=no_wait, as_json=as_json)


def _change(method: str, *path: str, url: str | None, no_wait: bool, as_json: bool) -> None:
    server = Server(url)
    change = settle(server, server.call(method, "deployments", *path), wait=not no_wait, as_json=as_json)
    if as_json:
        return
    deployment, operation = change["deployment"], change["operation"]
    if no_wait:
        print(f"{deployment['name']}: {operation['kind']} is under way.")
    elif operation["kind"] == "undeploy":
        print(f"{deployment['name']} is undeployed.")
    else:
        print(f"{deployment['name']} is {deployment['status']}.")
