"""How a deployment is, why, its uptime, its incidents, and what the last looks saw."""

from nicegui import background_tasks, ui

from nexdeck.models.percents import percent_words
from nexdeck.pages.components.health.incident_row import incident_rows, incidents_key
from nexdeck.pages.components.health.maintenance_dialog import open_maintenance_dialog
from nexdeck.pages.components.health.pausing import open_pause_dialog, resume_checks
from nexdeck.pages.components.health.row import MAINTENANCE
from nexdeck.pages.components.health.uptime_bars import UptimeBars
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.filters import Segments
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.health import RANGE_WORDS
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.words import FLAPPING, HEALTH, PAUSED, milliseconds
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.health.incidents import IncidentQuery, IncidentSummary
from nexdeck.services.health.uptime import RANGES
from nexdeck.services.health.views import HealthView
from nexdeck.services.platform.paging import Page

INCIDENTS_SHOWN = 10
TONES = {"healthy": "ok", "degraded": "warn", "unhealthy": "bad", "unknown": "idle"}


class HealthTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._studio, self._address = context.studio, context.address
        self._id = detail.summary.deployment.id
        self._view: HealthView | None = None
        with ui.element("div").classes("stack"):
            self._now = Section(self._build_now, _now_key, classes="card")
            with ui.element("div").classes("card"):
                with ui.element("div").classes("card-head"):
                    ui.label("Uptime").classes("h2")
                    self._ranges = Segments(list(RANGE_WORDS.items()), self._choose_range)
                self._uptime = ui.element("div").classes("card-body")
            self._incidents = Section(self._build_incidents, lambda page: incidents_key(page.items), classes="card")
            with ui.element("div").classes("columns"):
                self._changes = Section(_build_changes, lambda v: [c.id for c in v.changes], classes="card")
                self._samples = Section(_build_samples, lambda v: [s.id for s in v.samples], classes="card")

    def show(self, detail: DeploymentDetail) -> None:
        background_tasks.create(self._refresh(), name="show health")

    async def _choose_range(self, key: str) -> None:
        self._address.go(range="" if key == "24h" else key)
        await self._refresh()

    async def _refresh(self) -> None:
        range_ = self._address["range"] if self._address["range"] in RANGES else "24h"
        view = await self._studio.health_views.of_deployment(self._id, range_, actor=me())
        query = IncidentQuery(deployment=self._id, limit=INCIDENTS_SHOWN)
        incidents = await self._studio.incidents.list(query, actor=me())
        if self._uptime.is_deleted:
            return
        self._view = view
        self._ranges.show(range_, {})
        for section in (self._now, self._changes, self._samples):
            section.show(view)
        self._incidents.show(incidents)
        self._uptime.clear()
        with self._uptime:
            _build_uptime(view)

    def _build_now(self, view: HealthView) -> None:
        row = view.row
        with ui.element("div").classes("card-head"):
            with ui.element("div").classes("line wrap grow"):
                Chip(PAUSED if row.paused_at else HEALTH[row.state])
                if row.flapping:
                    Chip(FLAPPING)
                if row.in_maintenance:
                    Chip(MAINTENANCE)
            with ui.element("div").classes("line wrap"):
                Button("Check now", self._check, symbol="refresh-cw").mark("check-now")
                if row.paused_at:
                    Button("Go on with the checks", lambda: resume_checks(self._studio, row), symbol="play")
                else:
                    Button("Pause the checks", lambda: open_pause_dialog(self._studio, row), symbol="circle-stop")
                Button("Plan maintenance", lambda: open_maintenance_dialog(self._studio, row), symbol="clock")
        with ui.element("div").classes("card-body stack tight"):
            ui.label(row.reason).classes("keep breaks").mark("why")
            if row.paused_at and view.standing and view.standing.paused_by:
                banner(f"{view.standing.paused_by} paused the checks.", "idle")
            with ui.element("div").classes("line wrap words tiny fg3"):
                if row.since:
                    ui.label("since")
                    Moment(row.since)
                if row.checked_at:
                    ui.label("· last look")
                    Moment(row.checked_at)

    async def _check(self) -> None:
        await self._studio.health.health_check(self._id, actor=me())
        await self._refresh()
        say("It was looked at.")

    def _build_incidents(self, page: Page[IncidentSummary]) -> None:
        with ui.element("div").classes("card-head"):
            ui.label("Incidents").classes("h2")
        incident_rows(page.items)
        if not page.items:
            ui.label("None so far.").classes("small fg3 card-body")


def _now_key(view: HealthView) -> tuple:
    row, standing = view.row, view.standing
    return (
        *(row.state, row.reason, row.flapping, row.in_maintenance, row.paused_at, row.since, row.checked_at),
        standing and (standing.paused_by, standing.pause_reason),
    )


def _build_uptime(view: HealthView) -> None:
    UptimeBars(view.row.uptime)
    with ui.element("div").classes("line wrap").style("gap: 24px; margin-top: 12px"):
        for name, percent in view.uptime.items():
            with ui.element("div").classes("stack tight").style("gap: 0"):
                ui.label(percent_words(percent)).classes("h2 num")
                ui.label(RANGE_WORDS[name]).classes("tiny fg3")


def _build_changes(view: HealthView) -> None:
    with ui.element("div").classes("card-head"):
        ui.label("Changes").classes("h2")
    with ui.element("div").classes("card-body timeline"):
        for change in view.changes:
            with ui.element("div").classes("event"):
                ui.element("div").classes(f"dot {TONES[change.state]}")
                ui.label(HEALTH[change.state].text)
                with ui.element("div").classes("tiny fg3 right"):
                    Moment(change.at)
                ui.label(change.reason).classes("detail keep breaks")


def _build_samples(view: HealthView) -> None:
    with ui.element("div").classes("card-head"):
        ui.label("Last looks").classes("h2")
    with ui.element("div").classes("card-body timeline"):
        if not view.samples:
            ui.label("None of the last day.").classes("small fg3")
        for sample in view.samples[:25]:
            with ui.element("div").classes("event"):
                ui.element("div").classes(f"dot {TONES[sample.state]}")
                ui.label(_sample_words(sample.requests, sample.errors, sample.probe_ms))
                with ui.element("div").classes("tiny fg3 right"):
                    Moment(sample.at)
                ui.label(sample.reason).classes("detail keep breaks")


def _sample_words(requests: int | None, errors: int | None, probe_ms: float | None) -> str:
    if requests is None:
        return f"Answered in {milliseconds(probe_ms)}" if probe_ms else "No answer"
    failed = f", {errors:,} failed" if errors else ""
    return f"{requests:,} calls in five minutes{failed}" if requests else "No calls in five minutes"
