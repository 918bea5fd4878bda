"""Every revision there was: who made it, when, why, what it changed, what became of it; and the way back to it."""

from nicegui import ui

from nexdeck.models.deployment import Revision
from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.components.deploy.revision_dialogs import open_compare_dialog, open_rollback_dialog
from nexdeck.pages.components.deployments.lifecycle import LifecycleAction, possible
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.words import StatusStyle, option_words, status_style
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.rollout.diff import option_changes


class RevisionsTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._studio = context.studio
        self._section = Section(self._build, _key)

    def show(self, detail: DeploymentDetail) -> None:
        self._section.show(detail)

    def _build(self, detail: DeploymentDetail) -> None:
        with ui.element("div").classes("card"), ui.element("div").classes("list revisions"):
            with ui.element("div").classes("head"):
                for head in ("Revision", "Version", "What it changed, and why", "By", "Made", ""):
                    ui.label(head)
            with ui.element("div").classes("rows"):
                for revision in detail.revisions:
                    with ui.element("div").classes("item").mark(f"revision-{revision.number}"):
                        _show_revision(detail, revision)
                        with ui.element("div").classes("line wrap end"):
                            self._build_buttons(detail, revision)

    def _build_buttons(self, detail: DeploymentDetail, revision: Revision) -> None:
        number, deployment_id = revision.number, detail.summary.deployment.id
        if _can_go_back_to(detail, revision):
            back = Button(
                "Roll back to this", lambda: open_rollback_dialog(self._studio, deployment_id, number), kind="quiet"
            )
            back.classes("small").mark(f"rollback-{number}")
        if len(detail.revisions) > 1:
            compare = Button("Compare", lambda: open_compare_dialog(self._studio, detail, number), kind="quiet")
            compare.classes("small").mark(f"compare-{number}")


def _key(detail: DeploymentDetail) -> list:
    return [
        (r.number, r.proven_at, r.failed_at, _look(detail, r), _can_go_back_to(detail, r)) for r in detail.revisions
    ]


def _show_revision(detail: DeploymentDetail, revision: Revision) -> None:
    ui.label(f"#{revision.number}").classes("strong num")
    ui.label(revision.version).classes("mono")
    with ui.element("div").classes("stack tight why"):
        with ui.element("div").classes("line wrap"):
            Chip(_look(detail, revision))
            ui.label(revision.sha256[:12]).classes("mono fg3").props(f"title={revision.sha256}")
        ui.label(_what_changed(detail, revision)).classes("tiny fg2 breaks")
        if revision.reason:
            ui.label(revision.reason).classes("tiny fg2 breaks")
        if revision.error:
            ui.label(revision.error).classes("tiny bad-text keep")
    ui.label(revision.created_by).classes("fg2 cut")
    Moment(revision.created_at).classes("fg3 small")


def _what_changed(detail: DeploymentDetail, revision: Revision) -> str:
    """Against the revision before it: ``version 1.0.0 → 1.1.0, channels``."""
    before = next((r for r in detail.revisions if r.number == revision.number - 1), None)
    if before is None:
        return "The first"
    version = [f"version {before.version} → {revision.version}"] if before.version_id != revision.version_id else []
    old, new = (DeploymentOptions.model_validate(r.options) for r in (before, revision))
    options = [option_words(change.path) for change in option_changes(old, new)]
    return ", ".join([*version, *options]) or "The same as the one before"


def _can_go_back_to(detail: DeploymentDetail, revision: Revision) -> bool:
    failed = revision.failed_at is not None and revision.proven_at is None
    return not failed and not _is_live(detail, revision) and LifecycleAction.REDEPLOY in possible(detail.summary)


def _look(detail: DeploymentDetail, revision: Revision) -> StatusStyle:
    if _is_live(detail, revision):
        return StatusStyle("Live", "ok", "live")
    if _is_under_way(detail, revision):
        return status_style(detail.summary.deployment, detail.summary.operation)
    if revision.failed_at:
        return StatusStyle("Failed", "bad")
    return StatusStyle("Proven earlier", "idle") if revision.proven_at else StatusStyle("Not proven", "idle")


def _is_under_way(detail: DeploymentDetail, revision: Revision) -> bool:
    return detail.summary.operation is not None and detail.summary.operation.operation.revision == revision.number


def _is_live(detail: DeploymentDetail, revision: Revision) -> bool:
    return detail.live is not None and detail.live.number == revision.number
