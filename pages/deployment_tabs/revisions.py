"""Every revision there was: which is live, which failed and why."""

from nicegui import ui

from models.deployment import Revision
from pages.components.chips import Chip
from pages.components.moment import Moment
from pages.components.section import Section
from pages.words import Look
from services.deployment_views import DeploymentDetail


class RevisionsTab:
    def __init__(self, _, detail: DeploymentDetail) -> None:
        self._section = Section(_show, _key)

    def show(self, detail: DeploymentDetail) -> None:
        self._section.show(detail)


def _key(detail: DeploymentDetail) -> list:
    return [(r.number, r.proven_at, r.failed_at, _is_live(detail, r)) for r in detail.revisions]


def _show(detail: DeploymentDetail) -> None:
    with ui.element("div").classes("card"), ui.element("div").classes("list revisions"):
        with ui.element("div").classes("head"):
            for head in ("Revision", "Version", "What became of it", "By", "Made"):
                ui.label(head)
        with ui.element("div").classes("rows"):
            for revision in detail.revisions:
                with ui.element("div").classes("item").mark(f"revision-{revision.number}"):
                    _show_revision(revision, _is_live(detail, revision))


def _show_revision(revision: Revision, live: bool) -> None:
    ui.label(f"#{revision.number}").classes("strong num")
    ui.label(revision.version).classes("mono")
    with ui.element("div").classes("stack tight"):
        with ui.element("div").classes("line wrap"):
            Chip(_look(revision, live))
            ui.label(revision.sha256[:12]).classes("mono fg3").props(f"title={revision.sha256}")
        if revision.reason:
            ui.label(revision.reason).classes("tiny fg2 breaks")
        if revision.error:
            ui.label(revision.error).classes("tiny bad-text keep")
    ui.label(revision.created_by).classes("fg2 cut")
    Moment(revision.created_at).classes("fg3 small")


def _look(revision: Revision, live: bool) -> Look:
    if live:
        return Look("Live", "ok", "live")
    if revision.failed_at:
        return Look("Failed", "bad")
    return Look("Proven earlier", "idle") if revision.proven_at else Look("Not proven", "idle")


def _is_live(detail: DeploymentDetail, revision: Revision) -> bool:
    return detail.live is not None and detail.live.number == revision.number
