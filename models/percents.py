"""Uptime as it is told to people: by the command line, which shares models with the rest, and on the status page."""


def told(percent: float) -> float:
    """In hundredths, downwards: what was not always up is never told as 100 %."""
    return int(percent * 100 + 1e-6) / 100
