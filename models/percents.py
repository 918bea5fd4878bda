"""Uptime as it is told to people: on pages, by the command line (which shares models with the rest) and in public."""


def told(percent: float) -> float:
    """In hundredths, downwards: 100 is only said of what was never down."""
    hundredths = int(percent * 100 + 1e-6)  # a sum of parts may be off by that much
    return min(hundredths, 9999) / 100 if percent < 100 else 100.0


def percent_words(percent: float | None) -> str:
    """``99.95%``, ``100%``, or a dash where nothing is known."""
    if percent is None:
        return "–"
    shown = told(percent)
    return "100%" if shown == 100 else f"{shown:.2f}%"
