"""A window onto log lines."""

DOORS = ("view",)
