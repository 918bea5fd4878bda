"""Values that must not be seen: asked for without echo, or read from standard input, never taken from the arguments,
which every process on the machine can list."""

import sys

import typer

from nexdeck.app.cli.exits import CliError, ExitCode


def read_hidden(what: str) -> str:
    if sys.stdin.isatty():
        return typer.prompt(what, hide_input=True, err=True)
    try:
        value = sys.stdin.buffer.read().decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise CliError.because(ExitCode.USAGE, f"{what} on standard input is not UTF-8 text.") from error
    if not value:
        raise CliError.because(ExitCode.USAGE, f"{what} is empty; write it to standard input.")
    return value
