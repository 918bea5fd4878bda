"""Files that the browser gets from us, and from nobody else: addresses that change whenever a file does."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from nicegui import app as nicegui_app
from nicegui import ui

STATIC = Path(__file__).parent / "static"
LOGO = STATIC / "logo.svg"
STYLES = ("tokens", "base", "frame", "controls", "dialogs", "content", "lists", "code", "calls", "logs", "charts")
FONTS = ("inter", "jetbrains-mono")
A_YEAR = 365 * 24 * 3600  # seconds


def mount_assets() -> None:
    nicegui_app.add_static_files("/assets", STATIC, max_cache_age=A_YEAR)


def asset_url(path: str) -> str:
    """Where the open page finds a file of ``static/``."""
    return f"{prefix()}/assets/{path}?v={_fingerprint()}"


def prefix() -> str:
    """What stands before our own paths, where a proxy serves us under a prefix."""
    request = ui.context.client.request
    return request.headers.get("X-Forwarded-Prefix", "") + request.scope.get("root_path", "")


def add_head() -> None:
    """Styles, fonts and shortcuts for the page that is being built."""
    for font in FONTS:
        # no ?v= here: the address has to be the one that tokens.css asks for, or the font would be loaded twice
        url = asset_url(f"fonts/{font}.woff2").partition("?")[0]
        ui.add_head_html(f'<link rel="preload" href="{url}" as="font" type="font/woff2" crossorigin>')
    for style in STYLES:
        ui.add_head_html(f'<link rel="stylesheet" href="{asset_url(f"css/{style}.css")}">')
    ui.add_head_html(f'<script defer src="{asset_url("js/nexdeck.js")}"></script>')


@cache
def _fingerprint() -> str:
    digest = sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
