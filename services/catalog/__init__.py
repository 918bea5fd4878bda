"""Agents and their versions: read from what authors write, and written as the module that a gateway runs."""

DOORS = (
    "codegen.literals",
    "samples",
    "service",
    "sources.draft",
    "sources.faults",
    "sources.schemas",
    "sources.text",
    "sources.yaml_text",
)
