"""``nexdeck gateways``: where agents run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.deploy import NoWait, finish
from app.cli.exits import CliError, ExitCode
from app.cli.hidden import read_hidden
from app.cli.http import Server
from app.cli.options import AsJson, Url, Yes
from app.cli.output import confirm, print_fields, print_json, print_table, when

app = typer.Typer(help="Gateways, the Nexus processes that agents run on.", no_args_is_help=True)
Gateway = Annotated[str, typer.Argument(help="The gateway's name or id.")]
Unknown = Annotated[str, typer.Argument(metavar="ID", help="The id of what the gateway holds; `show` lists them.")]
Address = Annotated[str, typer.Argument(metavar="URL", help="e.g. http://10.1.2.3:8401")]
TokenFile = Annotated[
    Path | None, typer.Option(help="The file that holds its token; else it is asked for, or read from standard input.")
]


@app.command("list")
def list_gateways(url: Url = None, as_json: AsJson = False) -> None:
    """List gateways."""
    found = Server(url).get("gateways")["items"]
    if as_json:
        print_json(found)
        return
    rows = (
        (g["name"], g["kind"], g["url"], g["status"], g["version"], g["running_count"], g["deployment_count"])
        for g in found
    )
    print_table(("name", "kind", "url", "status", "version", "running", "deployments"), rows, empty="No gateways.")


@app.command()
def show(gateway: Gateway, url: Url = None, as_json: AsJson = False) -> None:
    """Show a gateway, and what it holds that this Nexdeck does not know."""
    found = Server(url).get("gateways", gateway)
    if as_json:
        print_json(found)
        return
    names = ("name", "id", "kind", "url", "status", "status_reason", "version")
    fields = [(name.replace("status_reason", "because"), found[name]) for name in names]
    print_fields([*fields, ("last seen", when(found["last_seen_at"]))])
    if found["strangers"]:
        print("\nunknown to this Nexdeck:")
        rows = ((s["name"], s["deployment_id"], _known_as(s), s["obstacle"]) for s in found["strangers"])
        print_table(("name", "id", "is", "cannot be adopted because"), rows, empty="")


@app.command("remove-unknown")
def remove_unknown(
    gateway: Gateway, deployment: Unknown, yes: Yes = False, url: Url = None, as_json: AsJson = False
) -> None:
    """Take what this Nexdeck does not know off a gateway."""
    confirm(f"Remove {deployment} from {gateway}? Whoever put it there is not asked, and calls to it will fail.", yes)
    Server(url).post("gateways", gateway, "strangers", deployment, "remove")
    print_json({"removed": deployment}) if as_json else print(f"{deployment} is removed from {gateway}.")


@app.command()
def adopt(
    gateway: Gateway,
    deployment: Unknown,
    yes: Yes = False,
    no_wait: NoWait = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a deployment of what a gateway holds and this Nexdeck does not know."""
    confirm(f"Adopt {deployment}? The invocation keys that it has now end with that.", yes, in_scripts=True)
    server = Server(url)
    finish(server, server.post("gateways", gateway, "strangers", deployment, "adopt"), no_wait, as_json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="How it shall be called here.")],
    address: Annotated[str | None, typer.Argument(metavar="[URL]", help="e.g. http://10.1.2.3:8401")] = None,
    local: Annotated[bool, typer.Option("--local", help="Start another gateway process beside Nexdeck.")] = False,
    token_file: TokenFile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add a gateway that runs elsewhere, which must answer now; or, with --local, start one here."""
    if local is (address is not None):
        raise CliError.because(ExitCode.USAGE, "Give the gateway's address, or --local to start one here.")
    place = {"kind": "local"} if local else {"url": address, "token": _token(token_file)}
    gateway = Server(url).post("gateways", body={"name": name} | place)
    status = "starting" if local else gateway["status"]
    print_json(gateway) if as_json else print(f"{gateway['name']} is {status} at {gateway['url']}.")


@app.command()
def restart(gateway: Gateway, yes: Yes = False, url: Url = None, as_json: AsJson = False) -> None:
    """Restart the process of a local gateway; what is deployed on it comes back by itself."""
    confirm(f"Restart {gateway}? Calls to what is on it fail for some seconds.", yes, in_scripts=True)
    found = Server(url).post("gateways", gateway, "restart")
    print_json(found) if as_json else print(f"{found['name']} is restarting at {found['url']}.")


@app.command()
def test(address: Address, token_file: TokenFile = None, url: Url = None, as_json: AsJson = False) -> None:
    """Look whether a gateway answers at an address; nothing is stored."""
    seen = Server(url).post("gateways", "test", body={"url": address, "token": _token(token_file)})
    if as_json:
        print_json(seen)
        return
    print(f"{seen['product']} {seen['version']} answers, with {seen['deployment_count']} deployments.")


@app.command()
def check(gateway: Gateway, url: Url = None, as_json: AsJson = False) -> None:
    """Look at a gateway now."""
    seen = Server(url).post("gateways", gateway, "check")
    if as_json:
        print_json(seen)
    else:
        names = ("name", "url", "status", "version")
        fields = [*((name, seen[name]) for name in names), ("because", seen["status_reason"])]
        print_fields([*fields, ("last seen", when(seen["last_seen_at"]))])
    if seen["status"] != "online":
        detail = f"{seen['name']} is {seen['status']}: {seen['status_reason']}"
        raise CliError.because(ExitCode.UNREACHABLE, detail, code="gateway_unreachable")


@app.command()
def remove(gateway: Gateway, yes: Yes = False, url: Url = None, as_json: AsJson = False) -> None:
    """Forget a gateway that runs elsewhere, or end a local one and delete its folder."""
    confirm(f"Remove the gateway {gateway}?", yes)
    Server(url).call("DELETE", "gateways", gateway)
    print_json({"removed": gateway}) if as_json else print(f"{gateway} is removed.")


def _known_as(stranger: dict[str, Any]) -> str:
    return f"{stranger['agent']} {stranger['version']}" if stranger["agent"] else "no agent of the catalog"


def _token(file: Path | None) -> str:
    if file is None:
        return read_hidden("The gateway's token")
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError.because(ExitCode.USAGE, f"The token cannot be read from {file}.") from error
