"""An incident in a list."""

from collections.abc import Callable, Sequence

from nicegui import ui

from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.moment import Lasting, Moment
from nexdeck.pages.words import FLAPPING, count_of, incident_style
from nexdeck.services.health.incidents import IncidentSummary


def incident_rows(summaries: Sequence[IncidentSummary], acknowledge: Callable[[str], object] | None = None) -> None:
    for summary in summaries:
        _row(summary, acknowledge)


def incidents_key(summaries: Sequence[IncidentSummary]) -> list:
    """All that the rows show."""
    return [(s.incident.model_dump(), s.affected) for s in summaries]


def _row(summary: IncidentSummary, acknowledge: Callable[[str], object] | None) -> None:
    incident = summary.incident
    with ui.element("div").classes("item incident"):
        with ui.element("div").classes("line wrap top grow"):
            Chip(incident_style(incident))
            with ui.element("div").classes("stack tight grow"):
                with ui.element("div").classes("line wrap"):
                    ui.link(incident.title, f"/incidents/{incident.id}").classes("row-link")
                    if incident.flapping:
                        Chip(FLAPPING, "It comes and goes.")
                ui.label(incident.reason).classes("small fg2 keep breaks")
                with ui.element("div").classes("line wrap tiny fg3"):
                    ui.label(_affected(summary))
                    if incident.acknowledged_by:
                        ui.label(f"{incident.acknowledged_by} sees to it")
        with ui.element("div").classes("line wrap"):
            with ui.element("div").classes("line wrap words tiny fg3"):
                Moment(incident.opened_at)
                if incident.closed_at is not None:
                    ui.label("· lasted")
                    Lasting(incident.opened_at, incident.closed_at)
            if acknowledge and incident.closed_at is None and incident.acknowledged_at is None:
                Button("I see to it", lambda: acknowledge(incident.id)).mark(f"acknowledge-{incident.cause_key}")


def _affected(summary: IncidentSummary) -> str:
    if summary.incident.deployment_id is not None:
        return f"on gateway {summary.gateway_name}"
    return f"affects {count_of(summary.affected, 'deployment')}"
