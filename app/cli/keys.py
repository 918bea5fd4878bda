"""``nexdeck keys``: who may call a deployment."""

import sys
from typing import Annotated, Any

import typer

from nexdeck.app.cli.durations import moment_in
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, print_json, print_list, when

app = typer.Typer(help="Invocation keys of a deployment.", no_args_is_help=True)
Deployment = Annotated[str, typer.Argument(metavar="NAME", help="The deployment's name or id.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="The key's id or name, as `keys list` shows it.")]
Expires = Annotated[
    str | None, typer.Option(metavar="WHEN", help="90d, 12h, 30m, or a date: refused from then on. Default: never.")
]


@app.command("list")
def list_keys(deployment: Deployment, url: Url = None, as_json: AsJson = False) -> None:
    """List a deployment's keys; only their first characters are known."""
    found = Server(url).get("deployments", deployment, "keys")["items"]
    rows = (
        (
            *(k["id"], k["name"], f"{k['prefix']}…", k["state"], when(k["created_at"])),
            *(when(k["revoked_at"] or k["expires_at"]), when(k["last_used_at"]), k["use_count"]),
        )
        for k in found
    )
    columns = ("id", "name", "key", "state", "created", "ends", "last used", "calls")
    print_list(found, columns, rows, empty=f"{deployment} has no keys.", as_json=as_json)


@app.command()
def create(
    deployment: Deployment,
    name: Annotated[str, typer.Argument(metavar="KEYNAME", help="Who or what it is for.")] = "cli",
    expires: Expires = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown only this once."""
    body = {"name": name, "expires_at": moment_in(expires, "--expires")}
    _print_once(Server(url).post("deployments", deployment, "keys", body=body), as_json)


@app.command()
def rotate(
    deployment: Deployment,
    key: Key,
    overlap: Annotated[str, typer.Option(metavar="TIME", help="How long the old key goes on; 0s: no longer.")] = "1d",
    expires: Expires = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a key in another's place, which goes on for a while; the new one is shown only this once."""
    body = {"old_valid_until": moment_in(overlap, "--overlap"), "expires_at": moment_in(expires, "--expires")}
    _print_once(Server(url).post("deployments", deployment, "keys", key, "rotate", body=body), as_json)


@app.command()
def revoke(
    deployment: Deployment,
    key: Key,
    yes: Yes = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on."""
    confirm(f"Revoke the key {key} of {deployment}? Whoever uses it is refused at once.", yes)
    Server(url).call("DELETE", "deployments", deployment, "keys", key)
    print_json({"revoked": key}) if as_json else print(f"{key} is revoked.")


def _print_once(key: dict[str, Any], as_json: bool) -> None:
    print_json(key) if as_json else print(key["key"])
    if not key["is_effective"]:
        print("The gateway does not answer; it accepts the key once it answers again.", file=sys.stderr)
