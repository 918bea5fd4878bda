"""Log lines: collected from gateways, searched, followed."""

DOORS = ("feed", "service")
