"""What runs an agent: its module loaded, its kind told, its answers as JSON, its threads and streams."""

DOORS = ("kinds", "loading", "outputs", "runtime", "streams", "threads", "validation", "workflows")
