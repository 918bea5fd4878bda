"""Standings, incidents and maintenance."""

DOORS = ("charts", "incident_row", "maintenance_dialog", "pausing", "row", "uptime_bars")
