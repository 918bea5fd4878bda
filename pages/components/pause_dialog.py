"""Pausing the checks of a gateway or a deployment: what that means, and why, for others."""

from pages.components.buttons import Button
from pages.components.fields import text_field
from pages.components.modal import Modal
from pages.identity import me
from pages.notices import say
from services.health_views import BoardRow
from services.studio import Studio

GATEWAY = "Nexdeck looks at it no longer: nothing on it is judged or repaired, and its deployments count as not known."
DEPLOYMENT = "It is judged no longer: it opens no incident and sends no notification."
TIME = "The time until you go on counts neither as up nor as down."
LONGEST_REASON = 500


def open_pause_dialog(studio: Studio, row: BoardRow) -> None:
    note = f"{GATEWAY if row.is_gateway else DEPLOYMENT} {TIME}"
    modal = Modal(f"Pause the checks of {row.name}", note, width="narrow")
    with modal.body:
        reason = text_field("Reason", placeholder="optional, for others")
        reason.props(f"maxlength={LONGEST_REASON}").mark("pause-reason")

    async def pause() -> None:
        await studio.health.pause(row.id, reason.value or "", by=me())
        modal.close()
        say(f"The checks of {row.name} are paused.")

    with modal.foot:
        modal.cancel_button()
        Button("Pause", pause, kind="primary").mark("save-pause")
    modal.open()
