"""What probes saw, judged: standings, incidents, maintenance, uptime."""

DOORS = ("incidents", "known", "maintenance", "recorder", "retention", "service", "synthetic", "uptime", "views")
