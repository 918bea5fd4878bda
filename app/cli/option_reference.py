"""Writes docs/options.md: ``python -m nexdeck.app.cli.option_reference > docs/options.md``.

A test fails when that file is behind.
"""

from nexdeck.models.option_shape import Notation, Option
from nexdeck.models.option_table import OPTIONS

HEAD = """# Options of a deployment

The dialog shows an option by its label; bodies of the REST API and files of `nexdeck apply` have it by its path below
`options`; `nexdeck deploy` and `nexdeck redeploy` take it by its flag. Options are part of a
revision: to change one is to redeploy.

| option | path | flag | what it says |
|---|---|---|---|
"""


def reference() -> str:
    return HEAD + "".join(
        f"| {option.label} | `{option.path}` | `{_usage(option)}` | {option.help} |\n" for option in OPTIONS
    )


def _usage(option: Option) -> str:
    return option.flag if option.notation is Notation.SWITCH else f"{option.flag} {option.metavar}".replace("|", "\\|")


if __name__ == "__main__":
    print(reference(), end="")
