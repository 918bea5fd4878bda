"""Writes docs/cli.md: ``python -m nexdeck.app.cli.reference > docs/cli.md``. A test fails when that file is behind."""

from collections.abc import Iterator

import typer.main

from nexdeck.app.cli import app
from nexdeck.app.cli.exits import MEANINGS


def reference() -> str:
    commands = "\n".join(f"| `{usage}` | {help_} |" for usage, help_ in _commands())
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in MEANINGS.items())
    return (
        "# The command line\n\n"
        "`nexdeck COMMAND --help` names a command's options. All but `serve`, `gateway` and the exports take\n"
        "`--json` for scripts (errors then are problem documents on standard error) and `--url`, which says where\n"
        "Nexdeck is (else `NEXDECK_URL`, else `http://127.0.0.1:8400`). `NEXDECK_KEY` gives `nexdeck run` its key.\n\n"
        f"| command | what it does |\n|---|---|\n{commands}\n\n"
        f"## Exit codes\n\n| code | meaning |\n|---|---|\n{codes}\n"
    )


def _commands() -> Iterator[tuple[str, str]]:
    """("nexdeck agents list", the first line of its help), in the order of ``nexdeck --help``."""
    pending = [("nexdeck", typer.main.get_command(app))]
    while pending:
        usage, command = pending.pop(0)
        if subcommands := getattr(command, "commands", None):
            pending = [(f"{usage} {name}", sub) for name, sub in subcommands.items() if not sub.hidden] + pending
            continue
        arguments = [
            param.metavar or param.name.upper() for param in command.params if param.param_type_name == "argument"
        ]
        yield " ".join([usage, *arguments]), (command.help or "").partition("\n")[0]


if __name__ == "__main__":
    print(reference(), end="")
