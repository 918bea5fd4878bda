"""``nexdeck agents``: the catalog."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nexdeck.app.cli.deployments import everything
from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url, Yes
from nexdeck.app.cli.output import confirm, print_fields, print_json, print_list, print_table, report, when, write_out

app = typer.Typer(help="The catalog of agents and their versions.", no_args_is_help=True)
Agent = Annotated[str, typer.Argument(help="The agent's name or id.")]


@app.command("list")
def list_agents(
    q: Annotated[str | None, typer.Option("--search", "-q", help="Part of a name.")] = None,
    kind: Annotated[str | None, typer.Option(help="declarative, python or orchestration.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List agents with their newest versions."""
    found = everything(Server(url), "agents", q=q, kind=kind)
    rows = (
        (a["name"], a["latest"]["version"], a["latest"]["kind"], a["deployment_count"], a["latest"]["description"])
        for a in found
    )
    empty = "No agents. `nexdeck agents import FILE` adds one."
    print_list(found, ("name", "version", "kind", "deployments", "description"), rows, empty=empty, as_json=as_json)


@app.command()
def show(agent: Agent, url: Url = None, as_json: AsJson = False) -> None:
    """Show an agent's versions, and what the newest takes and gives."""
    detail = Server(url).get("agents", agent)
    if as_json:
        print_json(detail)
        return
    newest = detail["versions"][0]
    print_fields(
        [
            ("name", detail["name"]),
            ("id", detail["id"]),
            ("kind", newest["kind"]),
            ("about", newest["description"]),
            ("provider", newest["provider"]),
            ("members", ", ".join(newest["members"])),
            ("secrets", ", ".join(newest["secrets"])),
            ("takes", _fields_of(newest["input_schema"])),
            ("gives", _fields_of(newest["output_schema"])),
        ]
    )
    rows = ((v["version"], when(v["created_at"]), v["created_by"], v["sha256"][:12]) for v in detail["versions"])
    print_table(("version", "created", "by", "sha-256"), rows, empty="")


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="YAML or Python files.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add agents from files; an agent that is there already gets a new version."""
    server = Server(url)
    imported: list[dict[str, Any]] = []
    failure: CliError | None = None
    for file in files:
        try:
            made = _import(server, file)
        except CliError as error:  # the other files are imported all the same
            error.problem["detail"] = f"{file}: {error.problem['detail']}"
            report(error, as_json)
            failure = failure or error
            continue
        imported.append(made)
        if not as_json:
            version = made["version"]
            print(f"{made['agent']['name']} {version['version']} ({version['kind']}) is in the catalog.")
    if as_json:
        print_json(imported)
    if failure:
        raise typer.Exit(failure.exit_code)


@app.command()
def export(
    agent: Agent,
    version: Annotated[str | None, typer.Option(help="Which version; default: the newest.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    url: Url = None,
) -> None:
    """Print the Python module that a gateway runs, byte for byte; it also runs by itself."""
    server = Server(url)
    label = version or server.get("agents", agent)["versions"][0]["version"]
    module = server.raw("GET", "agents", agent, "versions", label, "module").body
    write_out(module, output)


@app.command()
def delete(agent: Agent, yes: Yes = False, url: Url = None, as_json: AsJson = False) -> None:
    """Remove an agent with all its versions."""
    confirm(f"Delete {agent} with all its versions?", yes)
    Server(url).call("DELETE", "agents", agent)
    print_json({"deleted": agent}) if as_json else print(f"{agent} is deleted.")


def _import(server: Server, file: Path) -> dict[str, Any]:
    try:
        source = file.read_text("utf-8-sig")
    except OSError as error:
        raise CliError.because(ExitCode.USAGE, f"It cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise CliError.because(ExitCode.USAGE, f"It is not UTF-8 text (byte {error.start}).") from error
    body = {"filename": file.name, "source": source}
    try:
        return server.post("agents", body=body)
    except CliError as error:
        if error.problem.get("code") != "agent_exists":
            raise
    name = server.post("agents", "preview", body=body)["name"]
    return server.post("agents", name, "versions", body=body)


def _fields_of(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    return ", ".join(name if name in required else f"[{name}]" for name in schema.get("properties", {}))
