"""How Nexdeck starts programs of its own."""

import sys

MODULES = {"gateway": ("app.gateway",)}  # others go by the command line, which takes a while to import


def own_program(name: str) -> list[str]:
    """The beginning of the command ``nexdeck NAME``, for this very installation.

    ``-P``: a folder named app where somebody works is not ours.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, name]
    return [sys.executable, "-P", "-m", *MODULES.get(name, ("app.cli", name))]
