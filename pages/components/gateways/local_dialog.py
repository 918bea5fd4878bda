"""Starting another gateway process on this machine: a name is all that it needs."""

from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import FormErrors, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.services.errors import StudioError
from nexdeck.services.studio import Studio

NOTE = "Nexdeck starts a process of its own for it and keeps it running: what is deployed there is apart from the rest."


def open_local_gateway_dialog(studio: Studio) -> None:
    modal = Modal("Add a local gateway", NOTE)
    with modal.body:
        errors = FormErrors()
        name = text_field("Name", placeholder="apart", mono=True).mark("local-gateway-name")
        errors.belongs("name", name)

    async def add() -> None:
        errors.clear()
        try:
            gateway = await studio.local_gateways.create(name.value or "", actor=me())
        except StudioError as error:
            errors.show(error)
            return
        modal.close()
        say(f"{gateway.name} is starting.")

    with modal.foot:
        modal.cancel_button()
        Button("Add", add, kind="primary").mark("save-local-gateway")
    modal.open()
