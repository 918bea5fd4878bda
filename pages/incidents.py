"""Incidents: all of them, and one with its timeline, what it affects, and what people did about it."""

from nicegui import ui

from nexdeck.models.health import IncidentEvent, IncidentEventKind
from nexdeck.pages.components.health.incident_row import incident_rows, incidents_key
from nexdeck.pages.components.health.row import gateway_health_url
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import FormErrors, area_field
from nexdeck.pages.components.widgets.filters import Pager, Segments, cursor_of
from nexdeck.pages.components.widgets.moment import Lasting, Moment
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.feeds import Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, cannot_show, page_head
from nexdeck.pages.words import FLAPPING, count_of, incident_style
from nexdeck.services.errors import NotFound
from nexdeck.services.health.incidents import IncidentDetail, IncidentQuery
from nexdeck.services.studio import Studio

PAGE_SIZE = 25
SEGMENTS = (("", "All"), ("open", "Open"), ("closed", "Closed"))
EVENTS = {
    IncidentEventKind.OPENED: ("Opened", "bad"),
    IncidentEventKind.CHANGED: ("Changed", "warn"),
    IncidentEventKind.FLAPPING: ("Flapping", "warn"),
    IncidentEventKind.ACKNOWLEDGED: ("Seen to", "info"),
    IncidentEventKind.NOTE: ("Note", "info"),
    IncidentEventKind.CLOSED: ("Closed", "ok"),
}


async def incidents_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title(("Health", "/health"), "Incidents")
    listing = IncidentList(studio, frame)
    watch = feeds.incidents.watch()
    await listing.refresh()
    watch.tell(lambda _: listing.refresh())


class IncidentList:
    def __init__(self, studio: Studio, frame: Frame) -> None:
        self._studio = studio
        self._address = frame.own_address(self.refresh)
        with page_head("Incidents", "What was not well: one incident for each cause, from its first sign to its end."):
            pass
        with ui.element("div").classes("toolbar"):
            self._segments = Segments(SEGMENTS, lambda key: self._filter(status=key))
        with ui.element("div").classes("card"):
            self._rows = Section(self._show, lambda page: incidents_key(page.items))
        self._pager = Pager(lambda page: self._filter(page=page))

    async def _filter(self, **changes: str) -> None:
        self._address.go(**({"page": ""} | changes))
        await self.refresh()

    async def refresh(self) -> None:
        status, cursor = self._address["status"], cursor_of(self._address["page"], PAGE_SIZE)
        is_open = {"open": True, "closed": False}.get(status)
        page = await self._studio.incidents.list(
            IncidentQuery(open=is_open, limit=PAGE_SIZE, cursor=cursor), actor=me()
        )
        self._segments.show(status, {})
        self._rows.show(page)
        self._pager.show(page)

    def _show(self, page) -> None:
        incident_rows(page.items, lambda id_: self._studio.incidents.acknowledge(id_, actor=me()))
        if not page.items:
            empty_state(
                "circle-check", "No incidents", "What breaks opens one by itself, and closes it when it is well."
            )


async def incident_page(studio: Studio, feeds: Feeds, frame: Frame, incident_id: str) -> None:
    watch = feeds.incidents.watch()
    try:
        detail = await studio.incidents.get(incident_id, actor=me())
    except NotFound as error:
        frame.title(("Health", "/health"), ("Incidents", "/incidents"), "Not found")
        cannot_show("There is no such incident", error.message, back="All incidents", url="/incidents")
        return
    frame.title(("Health", "/health"), ("Incidents", "/incidents"), detail.summary.incident.title)
    page = IncidentPage(studio, detail)

    async def take_news(changed: set[str]) -> None:
        if incident_id in changed:
            page.show(await studio.incidents.get(incident_id, actor=me()))

    watch.tell(take_news)


class IncidentPage:
    def __init__(self, studio: Studio, detail: IncidentDetail) -> None:
        self._studio = studio
        self._id = detail.summary.incident.id
        self._head = Section(self._build_head, lambda d: d.summary.incident.model_dump())
        with ui.element("div").classes("columns main-side"):
            with ui.element("div").classes("stack"):
                with ui.element("div").classes("card"):
                    with ui.element("div").classes("card-head"):
                        ui.label("Timeline").classes("h2")
                    self._events = Section(_build_events, lambda d: len(d.events), classes="card-body full")
                with ui.element("div").classes("card"), ui.element("div").classes("card-body").props("data-form"):
                    self._errors = FormErrors()
                    self._note = area_field("Note", placeholder="What others should know").mark("note")
                    self._errors.belongs("text", self._note)
                    with ui.element("div").classes("line").style("margin-top: 10px"):
                        Button("Add the note", self._add_note).props("data-finish").mark("add-note")
            with ui.element("div").classes("card"):
                with ui.element("div").classes("card-head"):
                    ui.label("Affected deployments").classes("h2")
                self._affected = Section(_build_affected, lambda d: d.affected)
        self.show(detail)

    def show(self, detail: IncidentDetail) -> None:
        for section in (self._head, self._events, self._affected):
            section.show(detail)

    def _build_head(self, detail: IncidentDetail) -> None:
        incident = detail.summary.incident
        with ui.element("div").classes("page-head"):
            with ui.element("div").classes("stack tight"):
                with ui.element("div").classes("line wrap"):
                    ui.label(incident.title).classes("h1").props("role=heading aria-level=1")
                    Chip(incident_style(incident))
                    if incident.flapping:
                        Chip(FLAPPING)
                ui.label(incident.reason).classes("small fg2 keep breaks")
                with ui.element("div").classes("line wrap words tiny fg3"):
                    ui.label("on gateway" if incident.deployment_id else "gateway")
                    ui.link(detail.summary.gateway_name, gateway_health_url(incident.gateway_id))
                    ui.label("· since")
                    Moment(incident.opened_at)
                    if incident.closed_at is not None:
                        ui.label("· lasted")
                        Lasting(incident.opened_at, incident.closed_at)
                    if incident.acknowledged_by:
                        ui.label(f"· {incident.acknowledged_by} sees to it")
            if incident.closed_at is None and incident.acknowledged_at is None:
                Button("I see to it", self._acknowledge, kind="primary", symbol="check").mark("acknowledge")

    async def _acknowledge(self) -> None:
        self.show(await self._studio.incidents.acknowledge(self._id, actor=me()))

    async def _add_note(self) -> None:
        self._errors.clear()
        self.show(await self._studio.incidents.add_note(self._id, self._note.value or "", actor=me()))
        self._note.set_value("")


def _build_events(detail: IncidentDetail) -> None:
    with ui.element("div").classes("timeline"):
        for event in reversed(detail.events):
            _event(event)


def _event(event: IncidentEvent) -> None:
    words, tone = EVENTS[event.kind]
    with ui.element("div").classes("event"):
        ui.element("div").classes(f"dot {tone}")
        ui.label(f"{words} by {event.by}" if event.kind is IncidentEventKind.NOTE else words)
        with ui.element("div").classes("tiny fg3 right"):
            Moment(event.at)
        ui.label(event.message).classes("detail keep breaks")


def _build_affected(detail: IncidentDetail) -> None:
    for id_, name in detail.affected:
        with ui.element("div").classes("item line"):
            ui.link(name, f"/deployments/{id_}?tab=health").classes("row-link cut")
    if not detail.affected:
        ui.label("None.").classes("small fg3 card-body")
    elif (more := detail.summary.affected - len(detail.affected)) > 0:
        ui.label(f"and {count_of(more, 'other')}").classes("small fg3 card-body")
