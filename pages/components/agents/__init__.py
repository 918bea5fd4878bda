"""Writing an agent and reading its schemas."""

DOORS = ("dialog", "schema_table")
