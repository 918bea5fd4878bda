"""Keys of a deployment, and secrets that are shown once."""

DOORS = ("card", "once")
