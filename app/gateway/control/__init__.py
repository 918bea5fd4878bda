"""How control planes come in: their routes, what changed since they asked, and ``/metrics``."""

DOORS = ("controllers", "exposition", "routes")
