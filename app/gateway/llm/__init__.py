"""Kaizen's model calls: made here, priced, and kept from private hosts."""

DOORS = ("egress", "kaizen_llm", "prices")
