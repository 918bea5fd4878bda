"""Finds the browser of the end-to-end tests: one that is there, else Debian's package."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALL = (
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
)


def find() -> str | None:
    """The path of a browser that is there, ``$CHROMIUM`` first; None when there is none."""
    candidates = [os.environ.get("CHROMIUM", ""), *NAMES]
    return next((path for name in candidates if name and (path := shutil.which(name))), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright  # lazily: the fixtures import this module in every browser test

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def main() -> None:
    if find() is None:
        try:
            for command in INSTALL:
                subprocess.run(command, check=True, timeout=600)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"apt-get: {error}", file=sys.stderr)
    if path := find():
        print(f"browser tests use {path}")
        return
    sys.exit("There is no Chromium or Chrome, and none could be installed. Install one, or set CHROMIUM to its path.")


if __name__ == "__main__":
    main()
