"""The gateways: which there are, whether they answer, and how to add one."""

from nicegui import ui

from models.gateway import Gateway, GatewayKind
from pages.components.buttons import Button, icon_button, menu_item
from pages.components.chips import Chip
from pages.components.confirm import confirm
from pages.components.gateway_dialog import open_gateway_dialog
from pages.components.icons import tile
from pages.components.lifecycle_buttons import BY
from pages.components.modal import Modal
from pages.components.moment import Moment
from pages.layout import Frame, page_head
from pages.live import Feeds
from pages.notices import complain, say
from pages.words import gateway_look
from services.gateways import GatewaySummary
from services.studio import Studio

HEADS = (
    ("Gateway", ""),
    ("State", ""),
    ("Version", "on-wide"),
    ("Last seen", ""),
    ("Deployments", "right on-wide"),
    ("", ""),
)


async def gateways_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title("Gateways")
    with page_head("Gateways", "The Nexus processes that agents run on."):
        add = Button("Add a gateway", lambda: open_gateway_dialog(studio), kind="primary", symbol="plus")
        add.props('data-key="n"').mark("add-gateway")
    with ui.element("div").classes("card"), ui.element("div").classes("list gateways"):
        with ui.element("div").classes("head"):
            for text, classes in HEADS:
                ui.label(text).classes(classes)
        place = ui.element("div").classes("rows")

    async def refresh(_: object = None) -> None:
        gateways = await studio.gateways.list()
        place.clear()
        with place:
            for summary in gateways:
                GatewayRow(studio, summary)

    await refresh()
    feeds.gateways.watch(refresh)
    feeds.deployments.watch(refresh)


class GatewayRow:
    def __init__(self, studio: Studio, summary: GatewaySummary) -> None:
        self._studio = studio
        self._gateway = gateway = summary.gateway
        with ui.element("div").classes("item").mark(f"gateway-{gateway.name}"):
            with ui.element("div").classes("line first").style("gap: 12px"):
                tile("server")
                with ui.element("div").classes("stack tight").style("gap: 0"):
                    ui.label(gateway.name).classes("strong cut")
                    ui.label(gateway.url).classes("mono fg3 cut")
                    if gateway.status_reason:
                        ui.label(gateway.status_reason).classes("tiny bad-text keep")
            with ui.element("div"):
                Chip(gateway_look(gateway), gateway.status_reason)
            ui.label(gateway.version or "–").classes("mono fg2 on-wide")
            with ui.element("div").classes("small fg2"):
                if gateway.last_seen_at is not None:
                    Moment(gateway.last_seen_at)
                else:
                    ui.label("never")
            ui.label(f"{summary.running_count} of {summary.deployment_count} running").classes("fg2 right num on-wide")
            with ui.element("div").classes("line end"):
                Button("Check now", self._check, kind="secondary").classes("small")
                with (
                    icon_button("ellipsis", f"Actions for {gateway.name}", lambda: menu.open()).classes("small"),
                    ui.menu().props('no-parent-event anchor="bottom right" self="top right"') as menu,
                ):
                    self._fill_menu(gateway)

    def _fill_menu(self, gateway: Gateway) -> None:
        menu_item("rocket", "Its deployments", lambda: ui.navigate.to(f"/deployments?gateway={gateway.name}"))
        if gateway.kind is GatewayKind.LOCAL:
            menu_item("scroll-text", "Process log", self._show_log)
        else:
            menu_item("pencil", "Change address or token", lambda: open_gateway_dialog(self._studio, gateway))
            ui.separator()
            menu_item("trash", "Remove", self._ask_remove, danger=True)

    async def _check(self) -> None:
        gateway = await self._studio.reconciler.check(self._gateway.id)
        if gateway.status_reason:
            complain(gateway.status_reason)
        else:
            say(f"{gateway.name} answers.")

    async def _show_log(self) -> None:
        lines = await self._studio.local_gateways.log_tail(self._gateway.name)
        modal = Modal(f"Process log of {self._gateway.name}", f"The last {len(lines)} lines.", width="wide")
        with modal.body, ui.element("div").classes("code"), ui.element("pre").props("tabindex=0").classes("log"):
            ui.label("\n".join(lines) or "Nothing was printed yet.")
        with modal.foot:
            modal.cancel_button("Close")
        modal.open()

    def _ask_remove(self) -> None:
        gateway = self._gateway

        async def remove() -> None:
            await self._studio.gateways.remove(gateway.id, by=BY)
            say(f"{gateway.name} is removed.")

        confirm(
            f"Remove {gateway.name}?",
            f"Nexdeck forgets its address ({gateway.url}) and its token. The gateway itself keeps running.",
            "It is refused while deployments are on it.",
            action="Remove",
            do=remove,
        )
