"""How Nexdeck starts programs of its own: as modules of this installation, or as itself where it is one file."""

import os
import sys

MODULES = {"gateway": ("nexdeck.app.gateway",)}  # others go by the command line, which takes a while to import
IS_ONE_FILE = getattr(sys, "frozen", False)


def own_program(name: str) -> list[str]:
    """The beginning of the command ``nexdeck NAME``, for this very installation.

    ``-P``: a folder named app where somebody works is not ours.
    """
    if IS_ONE_FILE:
        return [sys.executable, name]
    return [sys.executable, "-P", "-m", *MODULES.get(name, ("nexdeck.app.cli", name))]


def surviving_environment() -> dict[str, str]:
    """For a program that may outlive this one: as one file it must not use what this one unpacked and will remove."""
    return {**os.environ, **({"PYINSTALLER_RESET_ENVIRONMENT": "1"} if IS_ONE_FILE else {})}
