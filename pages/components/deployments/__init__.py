"""A deployment on its page and in lists."""

DOORS = ("canary_panel", "connect", "lifecycle", "row", "steps")
