"""Icons out of our own sprite, ``static/icons/icons.svg``."""

from nicegui import ui

from nexdeck.models.manifest import AgentKind
from nexdeck.pages.assets import asset_url
from nexdeck.pages.words import KIND_ICONS, tile_colour


def icon_source(name: str) -> str:
    """What Quasar takes wherever it takes an icon."""
    return f"svguse:{asset_url('icons/icons.svg')}#{name}|0 0 24 24"


def icon(name: str, classes: str = "") -> ui.icon:
    """Decoration only: the words beside it tell a screen reader."""
    return ui.icon(icon_source(name)).classes(f"ico {classes}").props("aria-hidden=true")


def agent_tile(kind: AgentKind, name: str, classes: str = "") -> None:
    with ui.element("div").classes(f"tile {classes}").style(f"--tile: {tile_colour(name)}"):
        icon(KIND_ICONS[kind])


def tile(name: str, classes: str = "") -> None:
    with ui.element("div").classes(f"tile {classes}"):
        icon(name)
