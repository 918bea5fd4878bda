"""Deployments declared in a file: planned, applied, exported."""

DOORS = ("service",)
