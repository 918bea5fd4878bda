"""What every room stands on: the database, changes told to pages, secrets, processes."""

DOORS = (
    "batching",
    "changes",
    "database",
    "paging",
    "processes",
    "programs",
    "pruning",
    "secrets",
    "table_sizes",
    "upserts",
)
