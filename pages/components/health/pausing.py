"""Pausing the checks of a gateway or a deployment: what that means, and why, for others; and going on with them."""

from collections.abc import Callable
from typing import Any

from nicegui import ui

from nexdeck.models.gateway import Gateway
from nexdeck.pages.components.widgets.buttons import Button, menu_item
from nexdeck.pages.components.widgets.fields import text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.services.health.views import BoardRow
from nexdeck.services.studio import Studio

GATEWAY = "Nexdeck looks at it no longer: nothing on it is judged or repaired, and its deployments count as not known."
DEPLOYMENT = "It is judged no longer: it opens no incident and sends no notification."
TIME = "The time until you go on counts neither as up nor as down."
LONGEST_REASON = 500


def open_pause_dialog(studio: Studio, subject: BoardRow | Gateway) -> None:
    is_gateway = isinstance(subject, Gateway) or subject.is_gateway
    note = f"{GATEWAY if is_gateway else DEPLOYMENT} {TIME}"
    modal = Modal(f"Pause the checks of {subject.name}", note, width="narrow")
    with modal.body:
        reason = text_field("Reason", placeholder="optional, for others")
        reason.props(f"maxlength={LONGEST_REASON}").mark("pause-reason")

    async def pause() -> None:
        await studio.health.pause(subject.id, reason.value or "", actor=me())
        modal.close()
        say(f"The checks of {subject.name} are paused.")

    with modal.foot:
        modal.cancel_button()
        Button("Pause", pause, kind="primary").mark("save-pause")
    modal.open()


async def resume_checks(studio: Studio, subject: BoardRow | Gateway) -> None:
    await studio.health.resume(subject.id, actor=me())
    say(f"The checks of {subject.name} go on.")


def checks_item(is_paused: bool, pause: Callable[[], Any], resume: Callable[[], Any]) -> ui.menu_item:
    """In the menu that is being built: whichever of the two there is to do."""
    if is_paused:
        return menu_item("play", "Go on with the checks", resume).mark("act-resume")
    return menu_item("circle-stop", "Pause the checks …", pause).mark("act-pause")
