"""The public status page: what is shown there, and to whom."""

DOORS = ("service", "view")
