"""The last notices: what was told to whom, what waits and why, and a way to send one again."""

from nicegui import ui

from nexdeck.models.notification import DeliveryState
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.fields import fold
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.words import DELIVERY, NOTICE
from nexdeck.services.notifications.outbox import DeliveryView
from nexdeck.services.studio import Studio

SHOWN = 20


class Deliveries:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._around = ui.element("div").style("padding: 8px 16px 16px")
        with self._around:
            self._fold = fold("Last notices").mark("deliveries")
            with self._fold:
                self._problem = ui.label().classes("small bad-text keep")
                with ui.element("div").classes("list deliveries full"):
                    self._place = ui.element("div").classes("rows")

    async def refresh(self, *, visible: bool) -> None:
        self._around.set_visibility(visible)
        page = await self._studio.outbox.deliveries(limit=SHOWN, actor=me())
        failing = [view for view in page.items if view.delivery.error]
        self._problem.set_visibility(bool(failing))
        if failing:
            self._problem.text = f"{failing[0].channel_name} failed last: {failing[0].delivery.error}"
            self._fold.set_value(True)
        self._place.clear()
        with self._place:
            for view in page.items:
                self._row(view)
            if not page.items:
                text = "Nothing was told yet: no incident was opened since the channel was added."
                ui.label(text).classes("small fg3 breaks").style("grid-column: 1 / -1; padding: 8px 0")

    def _row(self, view: DeliveryView) -> None:
        delivery = view.delivery
        with ui.element("div").classes("item").style("padding-inline: 0"):
            with ui.element("div").classes("small fg2"):
                Moment(delivery.created_at)
            ui.label(view.channel_name).classes("small cut")
            ui.label(NOTICE[delivery.event]).classes("small fg2")
            with ui.element("div").classes("stack tight first").style("gap: 0"):
                ui.label(delivery.body["incident"]["title"]).classes("breaks")
                if delivery.error:
                    ui.label(delivery.error).classes("tiny bad-text keep")
            with ui.element("div"):
                Chip(DELIVERY[delivery.state], self._when(view))
            with ui.element("div").classes("line end"):
                if delivery.state is not DeliveryState.SENT:
                    Button("Send now", lambda: self._retry(view)).classes("small").mark("retry")

    def _when(self, view: DeliveryView) -> str | None:
        """Told when the pointer rests on the state."""
        if view.delivery.state is not DeliveryState.WAITING:
            return None
        return f"next attempt {view.delivery.due_at:%d %b, %H:%M} UTC; attempts so far: {view.delivery.attempts}"

    async def _retry(self, view: DeliveryView) -> None:
        await self._studio.outbox.retry(view.delivery.id, actor=me())
        say(f"It is sent to {view.channel_name} now.")
