"""Requests that callers made: recorded, made again (replays), and made from the page (Try it)."""

DOORS = ("replay_calls", "replays", "service", "try_it")
