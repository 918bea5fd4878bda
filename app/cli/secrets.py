"""``nexdeck secrets``: values that agents read from their environment."""

from typing import Annotated

import typer

from nexdeck.app.cli.hidden import read_hidden
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, print_json, print_list, when

app = typer.Typer(help="Secrets that agents read from their environment.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The variable's name, e.g. OPENAI_API_KEY.")]


@app.command("list")
def list_secrets(url: Url = None, as_json: AsJson = False) -> None:
    """List the names; values are never shown."""
    found = Server(url).get("secrets")["items"]
    rows = ((s["name"], when(s["updated_at"]), s["updated_by"]) for s in found)
    print_list(
        found,
        ("name", "updated", "by"),
        rows,
        empty="No secrets. `nexdeck secrets set NAME` stores one.",
        as_json=as_json,
    )


@app.command("set")
def set_secret(name: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Store a value, asked for or read from standard input; what runs takes it up with its next restart."""
    Server(url).call("PUT", "secrets", name, body={"value": read_hidden(f"Value of {name}")})
    print_json({"stored": name}) if as_json else print(f"{name} is stored.")


@app.command()
def delete(name: Name, yes: Yes = False, url: Url = None, as_json: AsJson = False) -> None:
    """Forget a value; what runs keeps it until its next restart."""
    confirm(f"Delete the secret {name}?", yes)
    Server(url).call("DELETE", "secrets", name)
    print_json({"deleted": name}) if as_json else print(f"{name} is deleted.")
