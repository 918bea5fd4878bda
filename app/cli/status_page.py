"""``nexdeck status-page``: what people without a login are told."""

from typing import Annotated, Any

import typer

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.output import print_fields, print_json

app = typer.Typer(help="The public status page.", no_args_is_help=True)


@app.command()
def show(url: Url = None, as_json: AsJson = False) -> None:
    """Show how the status page is set."""
    server = Server(url)
    _print(server, server.get("status-page"), as_json)


@app.command("set")
def set_page(
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.", show_default=False)] = None,
    title: Annotated[str | None, typer.Option(help="Its heading.")] = None,
    slug: Annotated[str | None, typer.Option(help="The last part of its address, /status/SLUG.")] = None,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="DEPLOYMENT[=NAME]", help="Show this one, under a public name; replaces all."),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Switch the status page on or off, or change what it shows; what is not named stays."""
    server = Server(url)
    page = server.get("status-page")
    given: dict[str, Any] = {"enabled": on, "title": title, "slug": slug, "items": item and [_item(i) for i in item]}
    wanted = page | {name: value for name, value in given.items() if value is not None}
    if wanted == page:
        raise CliError.because(ExitCode.USAGE, "Nothing would change; --help names what can be set.")
    _print(server, server.call("PUT", "status-page", body=wanted), as_json)


def _item(text: str) -> dict[str, str]:
    deployment, _, name = text.partition("=")
    return {"deployment": deployment, "name": name or deployment}


def _print(server: Server, page: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(page)
        return
    items = ", ".join(f"{i['name']} ({i['deployment']})" for i in page["items"]) or "nothing"
    address = f"{server.url}/status/{page['slug']}" if page["enabled"] else "switched off"
    print_fields([("page", address), ("title", page["title"]), ("shows", items)])
