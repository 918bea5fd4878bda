"""The dialogs behind "Roll back to this" and "Compare"."""

from nicegui import ui

from nexdeck.pages.components.deploy.diff_view import show_diff
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.errors import StudioError
from nexdeck.services.studio import Studio


async def open_rollback_dialog(studio: Studio, deployment_id: str, number: int) -> None:
    diff = await studio.revisions.diff_rollback(deployment_id, number, actor=me())
    name = (await studio.deployments.get(deployment_id, actor=me())).name
    note = "It runs as a new revision, which takes over once it has answered on each channel."
    modal = Modal(f"Roll {name} back to revision {number}", note)
    with modal.body:
        errors = FormErrors()
        if diff.breaking:
            banner("Callers of what serves now will notice this. It does not hold up a rollback.", "warn")
        show_diff(diff)
        reason = text_field("Reason", placeholder="what went wrong").mark("rollback-reason")
        errors.belongs("reason", reason)

    async def roll_back() -> None:
        errors.clear()
        try:
            await studio.deployments.rollback(deployment_id, revision=number, reason=reason.value or "", actor=me())
        except StudioError as error:
            errors.show(error)
            return
        modal.close()
        say(f"{name} is being rolled back to revision {number}.")

    with modal.foot:
        modal.cancel_button()
        Button("Roll back", roll_back, kind="primary", symbol="refresh-cw").mark("roll-back")
    modal.open()


async def open_compare_dialog(studio: Studio, detail: DeploymentDetail, number: int) -> None:
    """Compare a revision with any other, at first with the one that came before it."""
    deployment = detail.summary.deployment
    others = {r.number: f"#{r.number}  {r.version}" for r in detail.revisions if r.number != number}
    modal = Modal(f"What revision {number} changed", f"{deployment.name}, compared with another of its revisions")
    with modal.body:
        earlier = choice_field("Compared with", others, max((n for n in others if n < number), default=min(others)))
        place = ui.element("div").classes("full")

    async def show() -> None:
        diff = await studio.revisions.diff_revisions(deployment.id, earlier.value, number, actor=me())
        place.clear()
        with place:
            show_diff(diff)

    earlier.on_value_change(show)
    with modal.foot:
        modal.cancel_button("Close")
    await show()
    modal.open()
