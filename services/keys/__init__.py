"""The keys with which callers reach a deployment, and their way to its gateway."""

DOORS = ("delivery", "service")
