"""Uptime as ninety bars, the latest on the right; the browser draws them from a letter each."""

from nicegui import ui

from models.deployment import HealthState
from services.uptime import Uptime

LETTERS = {HealthState.HEALTHY: "o", HealthState.DEGRADED: "d", HealthState.UNHEALTHY: "x", HealthState.UNKNOWN: "?"}
NINES = 99.995  # from here on two decimals would say 100


class UptimeBars(ui.element, component="../static/js/uptime_bars.js"):
    def __init__(self, uptime: Uptime) -> None:
        super().__init__()
        self.show(uptime)

    def show(self, uptime: Uptime) -> None:
        first = uptime.slots[0]
        values = {
            "bars": "".join(LETTERS[slot.worst] for slot in uptime.slots),
            "from": first.begins_at.timestamp() * 1000,
            "step": (first.ends_at - first.begins_at).total_seconds() * 1000,
            "percents": {
                number: min(round(slot.percent, 1), 99.9)
                for number, slot in enumerate(uptime.slots)
                if slot.percent is not None and slot.percent < 100
            },
            "label": f"Uptime {percent_words(uptime.percent)}",
        }
        if any(self.props.get(name) != value for name, value in values.items()):
            self.props.update(values)
            self.update()


def percent_words(percent: float | None) -> str:
    """``99.95%``; never 100 where there was a failure, and a dash where nothing is known."""
    if percent is None:
        return "–"
    if percent == 100:
        return "100%"
    return "99.99%" if percent >= NINES else f"{percent:.2f}%"
