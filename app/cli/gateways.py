"""``nexdeck gateways``: where agents run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nexdeck.app.cli.deploy import NoWait, finish
from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.hidden import read_hidden
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, print_fields, print_json, print_list, print_table, when, write_out

app = typer.Typer(help="Gateways, the Nexus processes that agents run on.", no_args_is_help=True)
Gateway = Annotated[str, typer.Argument(help="The gateway's name or id.")]
Unknown = Annotated[str, typer.Argument(metavar="ID", help="The id of what the gateway holds; `show` lists them.")]
Address = Annotated[str, typer.Argument(metavar="URL", help="e.g. http://10.1.2.3:8401")]
TokenFile = Annotated[
    Path | None, typer.Option(help="The file that holds its token; else it is asked for, or read from standard input.")
]
CaFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Verify its certificate by this CA's (PEM), not by the system's.")
]
Pin = Annotated[
    str | None, typer.Option(metavar="SHA256", help="Accept this very certificate; the gateway prints it at its start.")
]
AllowPlainHttp = Annotated[
    bool, typer.Option("--allow-plain-http", help="Send token and secrets in clear text to another host.")
]


@app.command("list")
def list_gateways(url: Url = None, as_json: AsJson = False) -> None:
    """List gateways."""
    found = Server(url).get("gateways")["items"]
    rows = (
        (
            *(g["name"], g["kind"], g["url"], "paused" if g["paused"] else g["status"]),
            *(g["version"], g["running_count"], g["deployment_count"]),
        )
        for g in found
    )
    print_list(
        found,
        ("name", "kind", "url", "status", "version", "running", "deployments"),
        rows,
        empty="No gateways.",
        as_json=as_json,
    )


@app.command()
def show(gateway: Gateway, url: Url = None, as_json: AsJson = False) -> None:
    """Show a gateway, and what it holds that this Nexdeck does not know."""
    found = Server(url).get("gateways", gateway)
    if as_json:
        print_json(found)
        return
    names = ("name", "id", "kind", "url", "trust", "fingerprint", "dedicated_to", "status", "status_reason", "version")
    fields = [(name.replace("status_reason", "because"), found[name]) for name in names]
    print_fields([*fields, ("last seen", when(found["last_seen_at"]))])
    if found["orphans"]:
        print("\nunknown to this Nexdeck:")
        rows = ((o["name"], o["deployment_id"], _known_as(o), o["obstacle"]) for o in found["orphans"])
        print_table(("name", "id", "is", "cannot be adopted because"), rows, empty="")


@app.command("remove-orphan")
@app.command("remove-unknown", hidden=True)  # its former name: scripts may use it
def remove_orphan(
    gateway: Gateway, deployment: Unknown, yes: Yes = False, url: Url = None, as_json: AsJson = False
) -> None:
    """Take what this Nexdeck does not know off a gateway."""
    confirm(f"Remove {deployment} from {gateway}? Whoever put it there is not asked, and calls to it will fail.", yes)
    Server(url).post("gateways", gateway, "orphans", deployment, "remove")
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
    finish(server, server.post("gateways", gateway, "orphans", deployment, "adopt"), no_wait, as_json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="How it shall be called here.")],
    address: Annotated[str | None, typer.Argument(metavar="[URL]", help="e.g. http://10.1.2.3:8401")] = None,
    local: Annotated[bool, typer.Option("--local", help="Start another gateway process beside Nexdeck.")] = False,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    pin: Pin = None,
    allow_plain_http: AllowPlainHttp = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add a gateway that runs elsewhere, which must answer now; or, with --local, start one here."""
    if local is (address is not None):
        raise CliError.because(ExitCode.USAGE, "Give the gateway's address, or --local to start one here.")
    certificate = _certificate(ca_file, pin, allow_plain_http)
    place = {"kind": "local"} if local else {"url": address, "token": _token(token_file)} | certificate
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
def change(
    gateway: Gateway,
    address: Annotated[str | None, typer.Option(metavar="URL", help="Its new address.")] = None,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    pin: Pin = None,
    system_cas: Annotated[bool, typer.Option("--system-cas", help="Verify by the system's authorities again.")] = False,
    allow_plain_http: AllowPlainHttp = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Change the address, the token or how the certificate is verified of a gateway that runs elsewhere."""
    certificate = _certificate(ca_file, pin, allow_plain_http) | ({"ca": ""} if system_cas else {})
    body = {"url": address, "token": _token(token_file)} | certificate
    changed = Server(url).call("PATCH", "gateways", gateway, body=body)
    print_json(changed) if as_json else print(f"{changed['name']} is {changed['status']} at {changed['url']}.")


@app.command()
def certificate(
    gateway: Gateway,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    url: Url = None,
) -> None:
    """Print the certificate that callers verify a gateway by, in PEM: its CA's, or its own where that is pinned."""
    write_out(Server(url).raw("GET", "gateways", gateway, "certificate").body, output)


@app.command()
def test(
    address: Address,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    pin: Pin = None,
    allow_plain_http: AllowPlainHttp = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Look whether a gateway answers at an address; nothing is stored."""
    body = {"url": address, "token": _token(token_file)} | _certificate(ca_file, pin, allow_plain_http)
    seen = Server(url).post("gateways", "test", body=body)
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


def _known_as(orphan: dict[str, Any]) -> str:
    return f"{orphan['agent']} {orphan['version']}" if orphan["agent"] else "no agent of the catalog"


def _certificate(ca_file: Path | None, pin: str | None, allow_plain_http: bool) -> dict[str, Any]:
    ca = None if ca_file is None else _read(ca_file, "The CA's certificate")
    return {"ca": ca, "pin": pin, "allow_plain_http": allow_plain_http}


def _token(file: Path | None) -> str:
    if file is None:
        return read_hidden("The gateway's token")
    return _read(file, "The token")


def _read(file: Path, what: str) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError.because(ExitCode.USAGE, f"{what} cannot be read from {file}.") from error
