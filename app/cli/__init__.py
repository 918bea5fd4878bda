"""The command line: a client of the REST routes and of the agents' endpoints, and the door to the two programs.

Modules here import little at their top, so that ``nexdeck run``, which is a channel that people and proofs wait for,
starts in a fraction of a second.
"""

import sys

import typer

from nexdeck.app.cli import (
    agents,
    declared,
    deploy,
    deployments,
    gateways,
    health,
    keys,
    logs,
    maintenance,
    metrics,
    notifications,
    programs,
    replay,
    requests,
    revisions,
    run,
    secrets,
    status_page,
)
from nexdeck.app.cli.exits import MEANINGS, CliError, ExitCode
from nexdeck.app.cli.output import report

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    help="Deploys AI agents to Nexus gateways and keeps them running.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,  # importing rich would take as long as all the rest of `nexdeck run`
    pretty_exceptions_enable=False,
)
app.command(cls=programs.SettingsInHelp)(programs.serve)
app.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(
    programs.gateway
)
app.add_typer(agents.app, name="agents")
app.add_typer(gateways.app, name="gateways")
app.command()(deploy.deploy)
app.command()(deployments.ps)
app.command()(deployments.status)
app.command()(health.health)
app.add_typer(health.incidents, name="incidents")
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(maintenance.checks, name="checks")
app.command()(run.run)
app.command()(logs.logs)
app.command()(requests.requests)
app.command()(replay.replay)
app.command()(metrics.metrics)
app.command()(deployments.stop)
app.command()(deployments.start)
app.command()(deployments.restart)
app.command()(deploy.redeploy)
app.command()(revisions.diff)
app.command()(revisions.promote)
app.command()(revisions.rollback)
app.command()(deployments.undeploy)
app.command()(declared.apply)
app.command()(declared.export)
app.add_typer(keys.app, name="keys")
app.add_typer(secrets.app, name="secrets")
app.add_typer(notifications.app, name="notifications")
app.add_typer(status_page.app, name="status-page")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character must not end the command
    try:
        return app(args=arguments, prog_name="nexdeck", standalone_mode=False) or ExitCode.OK
    except CliError as error:
        report(error, as_json)
        return error.exit_code
    except typer.TyperException as error:
        if as_json:
            report(CliError.because(ExitCode.USAGE, error.format_message(), code="usage"), as_json)
        else:
            error.show()
        return error.exit_code
    except typer.Abort:
        print("Nothing was done.", file=sys.stderr)
        return ExitCode.INTERRUPTED
