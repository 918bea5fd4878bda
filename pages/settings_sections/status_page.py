"""The public status page: on or off, its address, and what it shows under which name."""

from nicegui import ui

from nexdeck.models.status_page import MOST_ITEMS, StatusPageSettings
from nexdeck.pages.assets import prefix
from nexdeck.pages.components.widgets.buttons import Button, icon_button, link_button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, text_field
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.words import CHANNEL_OFF, CHANNEL_ON
from nexdeck.services.deployments.views import DeploymentQuery
from nexdeck.services.errors import StudioError
from nexdeck.services.platform.paging import MAX_LIMIT
from nexdeck.services.status_page.service import settings_from
from nexdeck.services.studio import Studio

NOTE = (
    "A page without a login for those who use what is deployed: how each service is, its uptime of 90 days and the "
    "incidents of the last 14. It shows the names that you choose here and nothing else of Nexdeck."
)


class StatusPageCard:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._names: dict[str, ui.input] = {}

    async def build(self) -> None:
        settings = await self._studio.status_pages.settings(actor=me())
        page = await self._studio.deployments.list(DeploymentQuery(sort="name", limit=MAX_LIMIT), actor=me())
        self._deployments = {s.deployment.id: f"{s.deployment.name} on {s.gateway_name}" for s in page.items}
        with ui.element("div").classes("card").mark("status-page"):
            with ui.element("div").classes("card-head"):
                ui.label("Public status page").classes("h2")
                self._chip = Chip(CHANNEL_OFF)
                self._place = ui.element("div")
            with ui.element("div").classes("card-body stack").props("data-form"):
                ui.label(NOTE).classes("small fg2 breaks")
                self._build_form(settings)
        self._show(settings)

    def _build_form(self, settings: StatusPageSettings) -> None:
        self._errors = FormErrors()
        self._on = ui.switch("Show it to everybody who can reach this Nexdeck", value=settings.enabled)
        self._on.mark("status-page-on")
        with ui.element("div").classes("fields"):
            self._title = text_field("Title", settings.title).mark("status-page-title")
            self._slug = text_field("Address", settings.slug, mono=True, hint="/status/…").mark("status-page-slug")
        self._errors.belongs("title", self._title)
        self._errors.belongs("slug", self._slug)
        self._items = ui.element("div").classes("stack full").style("gap: 8px")
        for item in settings.items:
            self._add_item(item.deployment, item.name)
        self._choice = choice_field(
            "Add a deployment", {}, searchable=True, on_change=lambda event: self._choose(event.value)
        ).mark("status-page-add")
        self._offer()
        with ui.element("div").classes("line end"):
            Button("Save", self._save, kind="primary").props("data-finish").mark("save-status-page")

    def _add_item(self, deployment_id: str, name: str) -> None:
        with self._items, ui.element("div").classes("line full").style("align-items: flex-end") as row:
            with ui.element("div").classes("grow"):
                known = self._deployments.get(deployment_id, "a deployment that is gone")
                self._names[deployment_id] = text_field(f"Public name of {known}", name)
            icon_button("x", f"Do not show {known}", lambda: self._drop(deployment_id, row))

    def _drop(self, deployment_id: str, row: ui.element) -> None:
        del self._names[deployment_id]
        row.delete()
        self._offer()

    def _choose(self, deployment_id: str | None) -> None:
        if deployment_id is None or deployment_id in self._names:
            return
        self._add_item(deployment_id, self._deployments[deployment_id].partition(" on ")[0])
        self._choice.set_value(None)
        self._offer()

    def _offer(self) -> None:
        left = {id_: name for id_, name in self._deployments.items() if id_ not in self._names}
        self._choice.set_options(left if len(self._names) < MOST_ITEMS else {})

    async def _save(self) -> None:
        self._errors.clear()
        for number, entry in enumerate(self._names.values()):
            entry.error = None
            self._errors.belongs(f"items.{number}", entry)
        try:
            settings = settings_from(
                {
                    "enabled": self._on.value,
                    "title": self._title.value or "",
                    "slug": self._slug.value or "",
                    "items": [{"deployment": id_, "name": entry.value or ""} for id_, entry in self._names.items()],
                }
            )
            saved = await self._studio.status_pages.change(settings, actor=me())
        except StudioError as error:
            self._errors.show(error)
            return
        self._show(saved)
        say("The status page is on." if saved.enabled else "The status page is off; its settings are kept.")

    def _show(self, settings: StatusPageSettings) -> None:
        self._chip.show(CHANNEL_ON if settings.enabled else CHANNEL_OFF)
        self._place.clear()
        if settings.enabled:
            with self._place:
                link = link_button("Open", f"{prefix()}/status/{settings.slug}", symbol="arrow-up-right")
                link.classes("small").props("target=_blank").mark("open-status-page")
