"""What runs an agent: its module loaded, its kind told, its answers as JSON, its threads and streams."""

DOORS = ("loading", "outputs", "runtime", "streams", "threads")
