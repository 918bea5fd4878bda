"""What a gateway holds that this Nexdeck does not know: each is adopted as a deployment, or taken off the gateway."""

from nicegui import ui

from nexdeck.models.gateway import Gateway
from nexdeck.pages.components.keys.once import show_key_once
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.words import count_of
from nexdeck.services.rollout.orphans import Orphan
from nexdeck.services.studio import Studio

NOTE = (
    "Nobody deployed these from here: somebody else did, or this Nexdeck lost its memory of them. They are left alone."
)


async def open_orphans_dialog(studio: Studio, gateway: Gateway) -> None:
    orphans = await studio.orphans.list(gateway.id, actor=me())
    modal = Modal(f"{count_of(len(orphans), 'unknown deployment')} on {gateway.name}".capitalize(), NOTE)
    with modal.body:
        for orphan in orphans:
            _Entry(studio, gateway, orphan, modal)
    with modal.foot:
        modal.cancel_button("Close")
    modal.open()


class _Entry:
    def __init__(self, studio: Studio, gateway: Gateway, orphan: Orphan, modal: Modal) -> None:
        self._studio = studio
        self._gateway = gateway
        self._orphan = orphan
        self._modal = modal
        held = orphan.held
        with ui.element("div").classes("stack full").mark(f"orphan-{held.name}"):
            with ui.element("div").classes("line full"):
                with ui.element("div").classes("stack tight grow").style("gap: 0"):
                    ui.label(held.name).classes("strong cut")
                    ui.label(held.deployment_id).classes("mono tiny fg3 cut")
                if orphan.obstacle is None:
                    Button("Adopt", self._ask_adopt).classes("small")
                Button("Remove", self._ask_remove, kind="danger").classes("small")
            if orphan.obstacle is None:
                ui.label(f"It is {orphan.agent} {orphan.version.version}.").classes("small fg2")
            else:
                banner(f"It cannot be adopted: {orphan.obstacle}", "idle")

    def _ask_adopt(self) -> None:
        name = self._orphan.held.name

        async def adopt() -> None:
            change = await self._studio.orphans.adopt(self._gateway.id, self._orphan.held.deployment_id, actor=me())
            self._modal.close()
            if change.key is not None:
                show_key_once(name, change.key)
            ui.navigate.to(f"/deployments/{change.deployment.id}")

        confirm(
            f"Adopt {name}?",
            f"It becomes a deployment of {self._orphan.agent} with the options it has. It serves on while a revision "
            "of ours is proven beside it.",
            "Invocation keys that it accepts now are not known here and end with that.",
            action="Adopt",
            do=adopt,
            danger=False,
        )

    def _ask_remove(self) -> None:
        name = self._orphan.held.name

        async def remove() -> None:
            await self._studio.orphans.remove(self._gateway.id, self._orphan.held.deployment_id, actor=me())
            self._modal.close()
            say(f"{name} is removed from {self._gateway.name}.")

        confirm(
            f"Remove {name} from {self._gateway.name}?",
            "Calls to it will fail from then on. Whoever put it there is not asked. Nothing here can bring it back.",
            action="Remove",
            do=remove,
        )
