"""``serve`` and ``gateway``: the two programs behind the commands. Each is imported only when it is started, because
together they take seconds to import."""

import gc
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from nexdeck.app.cli.exits import CliError, ExitCode


class SettingsInHelp(TyperCommand):
    """A command whose help names every setting with its environment variable."""

    def format_epilog(self, ctx, formatter) -> None:
        from nexdeck.app.settings import Settings

        rows = [
            (f"NEXDECK_{name.upper()}", f"{field.description or ''} [default: {_default_of(field)}]")
            for name, field in Settings.model_fields.items()
        ]
        rows.append(("NEXDECK_CONFIG", "a TOML file with these settings in lower case, without the prefix"))
        with formatter.section("Environment"):
            formatter.write_dl(rows)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default=False)] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for the database and the gateways.")] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
) -> None:
    """Serve the web app and the REST API, with the gateway `local` beside them."""
    from pydantic import ValidationError

    from nexdeck.app.settings import Settings

    said: dict[str, Any] = {"host": host, "port": port, "data_dir": data_dir, "log_level": log_level}
    try:
        settings = Settings(**{name: value for name, value in said.items() if value is not None})
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise CliError.because(ExitCode.USAGE, f"A setting is not valid: {places}.") from error
    gc.disable()  # until it serves: what is imported stays, and looking for garbage in it takes a sixth of the time
    from nexdeck.app.serve import serve as serve_web

    raise typer.Exit(serve_web(settings))


def gateway(context: typer.Context) -> None:
    """Run a gateway: a Nexus process that agents are deployed to. `nexdeck gateway --help` names its options."""
    from nexdeck.app.gateway.__main__ import main

    raise typer.Exit(main(context.args) or 0)


def _default_of(field) -> Any:
    return field.get_default(call_default_factory=True) or "none"
