"""Planning maintenance: from when, how long, of what, and why."""

import json
from datetime import datetime, timedelta

from nicegui import ui

from nexdeck.models.base import now
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.services.errors import Fault, InvalidInput, StudioError
from nexdeck.services.health.views import BoardRow
from nexdeck.services.studio import Studio

NOTE = "Meanwhile nothing of it opens an incident or sends a notification, and no downtime is counted."
LENGTHS = {0.5: "30 minutes", 1: "1 hour", 2: "2 hours", 4: "4 hours", 8: "8 hours", 24: "1 day", 168: "1 week"}
NOW, LATER = "now", "later"


def open_maintenance_dialog(studio: Studio, row: BoardRow | None = None) -> None:
    """Of one gateway or deployment, or of everything."""
    MaintenanceDialog(studio, row).open()


class MaintenanceDialog:
    def __init__(self, studio: Studio, row: BoardRow | None) -> None:
        self._studio, self._row = studio, row
        subject = "everything" if row is None else f"gateway {row.name}" if row.is_gateway else row.name
        self._modal = Modal(f"Maintenance of {subject}", NOTE)
        with self._modal.body:
            self._errors = FormErrors()
            self._begins = choice_field("Begins", {NOW: "now", LATER: "later, at …"}, NOW, on_change=self._choose)
            self._at = text_field("At", hint="In your own time zone.").props("type=datetime-local")
            self._hours = choice_field("Lasts", LENGTHS, 1)
            self._reason = text_field("What is done", placeholder="Moving the host to new memory")
            self._reason.mark("maintenance-reason")
            self._errors.belongs("starts_at", self._at)
            self._errors.belongs("ends_at", self._hours)
            self._errors.belongs("reason", self._reason)
        with self._modal.foot:
            self._modal.cancel_button()
            Button("Plan it", self._save, kind="primary").mark("save-maintenance")
        self._choose()

    def open(self) -> None:
        self._modal.open()

    def _choose(self) -> None:
        self._at.parent_slot.parent.set_visibility(self._begins.value == LATER)

    async def _save(self) -> None:
        self._errors.clear()
        named = {} if self._row is None else {"gateway" if self._row.is_gateway else "deployment": self._row.id}
        try:
            begin = now() if self._begins.value == NOW else await self._chosen_time()
            end = begin + timedelta(hours=self._hours.value)
            planned = await self._studio.maintenance.plan(begin, end, self._reason.value or "", **named, actor=me())
        except StudioError as error:
            self._errors.show(error)
            return
        self._modal.close()
        under_way = planned.is_under_way(now())
        say("Maintenance is under way." if under_way else "Maintenance is planned.")

    async def _chosen_time(self) -> datetime:
        """The browser knows its own time zone. Raises InvalidInput."""
        wanted = json.dumps(self._at.value or "")
        text = await ui.run_javascript(f"(t => isNaN(t) ? '' : t.toISOString())(new Date({wanted}))")
        if not text:
            raise InvalidInput("Say when it begins.", errors=[Fault("starts_at", "choose a day and a time")])
        return datetime.fromisoformat(text)
