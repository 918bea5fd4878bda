"""Decisions without clock, database or network; the time is an argument."""

DOORS = (
    "addresses",
    "answer_diff",
    "calls",
    "canary",
    "contract",
    "convergence",
    "declared",
    "endpoints",
    "health",
    "lifecycle",
    "log_lines",
    "names",
    "notices",
    "rollup",
    "steps",
    "uptime",
    "versions",
    "windows",
)
