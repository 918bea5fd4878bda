"""What is deployed: views of it, the journal of its operations, and the leases that carry them out."""

DOORS = ("journal", "leases", "retention", "views")
