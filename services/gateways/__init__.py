"""Gateways: their directory, the clients that talk to them, probes, and the local processes."""

DOORS = ("admission", "answers", "client", "collector", "connections", "directory", "local", "probe", "rows", "sse")
