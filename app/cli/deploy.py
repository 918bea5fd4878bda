"""``deploy`` and ``redeploy``: put an agent's version on a gateway, with options."""

from typing import Annotated, Any

import typer

from nexdeck.app.cli.deployment_options import Chosen, changed, takes_options
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.progress import settle

Version = Annotated[str | None, typer.Option(help="Which version; default: the newest.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is proven live.")]


@takes_options
def deploy(
    agent: Annotated[str, typer.Argument(help="The agent's name or id.")],
    version: Version = None,
    gateway: Annotated[str | None, typer.Option(help="Name or id of the gateway; default: local.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the deployment; default: the agent's.")] = None,
    dedicated: Annotated[
        bool, typer.Option("--dedicated", help="On a new gateway of its name, which comes and goes with it.")
    ] = False,
    *,
    options: Chosen,
    no_wait: NoWait = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Deploy an agent and wait until every chosen channel answered a real call."""
    server = Server(url)
    body = {"agent": agent, "version": version, "gateway": gateway, "name": name, "dedicated": dedicated}
    change = server.post("deployments", body=body | {"options": changed({}, options)})
    finish(server, change, no_wait, as_json)


@takes_options
def redeploy(
    name: Annotated[str, typer.Argument(help="The deployment's name or id.")],
    version: Version = None,
    *,
    options: Chosen,
    reason: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    allow_breaking: Annotated[
        bool, typer.Option("--allow-breaking", help="Go ahead although callers of today would break.")
    ] = False,
    no_wait: NoWait = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Put another version or other options live; the old one serves until the new one is proven.

    Options that are not named stay as they are; --env and --secret add to those there are.
    """
    server = Server(url)
    wanted = changed(server.get("deployments", name)["options"], options) if options else None
    body: dict[str, Any] = {"version": version, "options": wanted, "reason": reason, "allow_breaking": allow_breaking}
    finish(server, server.post("deployments", name, "redeploy", body=body), no_wait, as_json)


def finish(server: Server, change: dict[str, Any], no_wait: bool, as_json: bool) -> None:
    """Follow the change to its end and tell where it serves then, with the key that was made for it, if any."""
    key = change.get("key")
    try:
        change = settle(server, change, wait=not no_wait, as_json=as_json)
    finally:
        if key and not as_json:
            print(f"Invocation key, shown only this once: {key}")
    if as_json:
        return
    deployment = change["deployment"]
    if no_wait:
        print(f"{deployment['name']}: {change['operation']['kind']} is under way.")
        return
    print(f"{deployment['name']} {deployment['version']} is {deployment['status']} on {deployment['gateway']}.")
    if "api" in deployment["channels"]:
        print(f"  API  {deployment['api_endpoint']}")
    if deployment["cli_command"]:
        print(f"  CLI  {deployment['cli_command']}")
    if deployment["mcp_endpoint"]:
        print(f"  MCP  {deployment['mcp_endpoint']}")
