"""Charts and their controls."""

DOORS = ("board", "figures")
