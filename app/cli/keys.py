"""``nexdeck keys``: who may call a deployment."""

from typing import Annotated

import typer

from app.cli.http import Server
from app.cli.options import AsJson, Url, Yes
from app.cli.output import confirm, print_json, print_table, when

app = typer.Typer(help="Invocation keys of a deployment.", no_args_is_help=True)
Deployment = Annotated[str, typer.Argument(metavar="NAME", help="The deployment's name or id.")]


@app.command("list")
def list_keys(deployment: Deployment, url: Url = None, as_json: AsJson = False) -> None:
    """List a deployment's keys; only their first characters are known."""
    found = Server(url).get("deployments", deployment, "keys")["items"]
    if as_json:
        print_json(found)
        return
    rows = ((k["id"], k["name"], f"{k['prefix']}…", when(k["created_at"]), when(k["revoked_at"])) for k in found)
    print_table(("id", "name", "key", "created", "revoked"), rows, empty=f"{deployment} has no keys.")


@app.command()
def create(
    deployment: Deployment,
    name: Annotated[str, typer.Argument(metavar="KEYNAME", help="Who or what it is for.")] = "cli",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown only this once."""
    key = Server(url).post("deployments", deployment, "keys", body={"name": name})
    print_json(key) if as_json else print(key["key"])


@app.command()
def revoke(
    deployment: Deployment,
    key: Annotated[str, typer.Argument(metavar="KEYID", help="The key's id, as `keys list` shows it.")],
    yes: Yes = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on."""
    confirm(f"Revoke the key {key} of {deployment}? Whoever uses it is refused at once.", yes)
    Server(url).call("DELETE", "deployments", deployment, "keys", key)
    print_json({"revoked": key}) if as_json else print(f"{key} is revoked.")
