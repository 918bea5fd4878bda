"""Which time a list is about: the last hour and the like, or between two times; kept in the address."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from nicegui import ui

from nexdeck.models.base import now
from nexdeck.pages.address import PageAddress
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import FormErrors, text_field
from nexdeck.pages.components.widgets.filters import FilterMenu
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.services.errors import Fault, InvalidInput

LATELY = {
    "15m": ("Last 15 minutes", timedelta(minutes=15)),
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(days=1)),
}
BETWEEN = "between"
IN_UTC = "[%s, %s].map((local) => (local ? new Date(local).toISOString() : ''))"


class TimeRange:
    """``choose`` is called as ``choose(since=…, until=…)``, with what is to stand in the address."""

    def __init__(self, address: PageAddress, choose: Callable[..., Awaitable[None]]) -> None:
        self._address = address
        self._choose = choose
        self._menu = FilterMenu("Time", "clock", self._chosen)
        self._menu.offer({key: text for key, (text, _) in LATELY.items()} | {BETWEEN: "Between two times…"})

    def show(self) -> None:
        lately = self._address["since"] if self._address["since"] in LATELY else ""
        self._menu.show(BETWEEN if not lately and (self.since or self.until) else lately)

    @property
    def since(self) -> datetime | None:
        lately = LATELY.get(self._address["since"])
        return now() - lately[1] if lately else _moment(self._address["since"])

    @property
    def until(self) -> datetime | None:
        return _moment(self._address["until"])

    async def _chosen(self, key: str) -> None:
        if key == BETWEEN:
            self._ask()
        else:
            await self._choose(since=key, until="")

    def _ask(self) -> None:
        modal = Modal("Between two times", "In the time zone of this browser. One of them is enough.", width="narrow")
        with modal.body:
            errors = FormErrors()
            fields = [text_field(label).props("type=datetime-local step=1") for label in ("From", "Until")]
            for name, entry in zip(("since", "until"), fields, strict=True):
                errors.belongs(name, entry)

        async def apply() -> None:
            errors.clear()
            since, until = await ui.run_javascript(IN_UTC % tuple(json.dumps(entry.value or "") for entry in fields))
            if since and until and since >= until:
                message = "must be later than “From”"
                errors.show(InvalidInput("The times are not in order.", errors=[Fault("until", message)]))
                return
            modal.close()
            await self._choose(since=since, until=until)

        with modal.foot:
            modal.cancel_button()
            Button("Show", apply, kind="primary").mark("time-range-show")
        modal.open()


def _moment(text: str) -> datetime | None:
    """A time as an address has it; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
