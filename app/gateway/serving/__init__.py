"""Deployments as this gateway holds them, and one call of one agent."""

DOORS = ("host", "invocation", "restoring", "revision")
