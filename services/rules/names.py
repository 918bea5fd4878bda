"""Rules for names that people give."""

import re

from nexdeck.models.manifest import NAME_PATTERN
from nexdeck.services.errors import Fault, InvalidInput

NAME_RULE = "1 to 63 lower-case letters, digits and hyphens, beginning with a letter"


def require_match(pattern: str, value: str, path: str, rule: str) -> None:
    """Raise InvalidInput at ``path`` unless the whole value matches; the message is the rule in words."""
    if not re.fullmatch(pattern, value):
        shown = value if len(value) <= 60 else f"{value[:60]}…"
        raise InvalidInput(f"{shown!r} is not a valid {path}: use {rule}.", errors=[Fault(path, f"use {rule}")])


def require_name(value: str, path: str = "name") -> None:
    require_match(NAME_PATTERN, value, path, NAME_RULE)
