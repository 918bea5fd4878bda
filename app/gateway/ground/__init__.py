"""What every room stands on: problems, JSON, the running call, the environment of an agent, files on disk."""

DOORS = ("context", "environment", "json_text", "problems", "store")
