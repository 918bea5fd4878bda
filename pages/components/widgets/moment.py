"""Times in the reader's own zone and words ("3 min ago"), kept current by the browser."""

from datetime import datetime

from nicegui import ui


class Moment(ui.element, component="../../static/js/moment.js"):
    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.show(at)

    def show(self, at: datetime) -> None:
        self.props["at"] = at.isoformat()


class Lasting(Moment):
    """How long something took, or takes so far."""

    def __init__(self, at: datetime, until: datetime | None = None) -> None:
        super().__init__(at)
        self.props["lasting"] = True
        self.classes("num")
        if until is not None:
            self.props["until"] = until.isoformat()


class Between(Moment):
    """From when to when, by the clock."""

    def __init__(self, at: datetime, until: datetime) -> None:
        super().__init__(at)
        self.props["between"] = True
        self.props["until"] = until.isoformat()
