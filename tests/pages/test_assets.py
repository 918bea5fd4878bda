"""Every icon that is named is in the sprite, and the sprite holds no other."""

import re

from nexdeck.pages.assets import STATIC
from nexdeck.pages.components.deployments import lifecycle as lifecycle_buttons
from nexdeck.pages.components.deployments import steps
from nexdeck.pages.components.widgets import banner
from nexdeck.pages.layout import NAVIGATION
from nexdeck.pages.words import KIND_ICONS

CALLS = r'(?:icon|tile|icon_source|icon_button|menu_item|empty_state)\(\s*"([a-z0-9-]+)"|symbol="([a-z0-9-]+)"'


def test_the_sprite_holds_just_the_icons_that_are_used() -> None:
    named = {*KIND_ICONS.values(), *(symbol for _, items in NAVIGATION for _, symbol, _ in items)}
    for module in (banner, lifecycle_buttons, steps):
        named.update(module.SYMBOLS.values())
    for file in STATIC.parent.rglob("*.py"):
        named.update(name for match in re.findall(CALLS, file.read_text()) for name in match if name)
    named.update(re.findall(r"'#([a-z-]+)'", (STATIC / "js" / "copy_button.js").read_text()))
    sprite = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "icons" / "icons.svg").read_text()))
    # given as an argument between others, where the pattern above does not look
    named.update({"server", "bot", "activity", "chevron-up", "chevron-down", "triangle-alert", "circle-check", "clock"})
    assert named == sprite
