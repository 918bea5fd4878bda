"""Counters collected from gateways, rolled up, and read as series."""

DOORS = ("annotations", "collector", "prometheus", "recent_traffic", "service")
