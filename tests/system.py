"""What the tests need of the system and pip does not bring: a browser, a clock that can be set, network namespaces.

What is there is taken, else Debian's package: ``python -m tests.system chromium faketime`` installs what is missing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def browser() -> str | None:
    """The path of a browser that is there, ``$CHROMIUM`` first; None when there is none."""
    candidates = [os.environ.get("CHROMIUM", ""), *BROWSERS]
    return next((path for name in candidates if name and (path := shutil.which(name))), None) or _playwrights_own()


def faketime() -> str | None:
    """The library that sets the clock of a process, also of one with threads."""
    return next((str(path) for path in sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright  # lazily: the fixtures import this module in every browser test

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


PACKAGES = {"chromium": browser, "faketime": faketime, "iproute2": lambda: shutil.which("ip")}
NEEDED = {"chromium": "Install Chromium or Chrome, or set CHROMIUM to its path."}  # tests do without the others


def main(names: list[str]) -> None:
    if missing := [name for name in names if PACKAGES[name]() is None]:
        try:
            for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
                subprocess.run(["apt-get", *command], check=True, timeout=600)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"apt-get: {error}", file=sys.stderr)
    for name in names:
        found = PACKAGES[name]()
        if found is None and name in NEEDED:
            sys.exit(f"There is no {name}, and it could not be installed. {NEEDED[name]}")
        print(f"tests use {found}" if found else f"tests that want {name} are skipped")


if __name__ == "__main__":
    main(sys.argv[1:])
