"""Uptime as ninety bars, the latest on the right; the browser draws them from a letter each."""

from nicegui import ui

from nexdeck.models.deployment import HealthState
from nexdeck.models.percents import percent_words
from nexdeck.services.health.uptime import Uptime

LETTERS = {HealthState.HEALTHY: "o", HealthState.DEGRADED: "d", HealthState.UNHEALTHY: "x", HealthState.UNKNOWN: "?"}


class UptimeBars(ui.element, component="../../static/js/uptime_bars.js"):
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
                number: percent_words(slot.percent)
                for number, slot in enumerate(uptime.slots)
                if slot.percent is not None and slot.percent < 100
            },
            "label": f"Uptime {percent_words(uptime.percent)}",
        }
        if any(self.props.get(name) != value for name, value in values.items()):
            self.props.update(values)
            self.update()
