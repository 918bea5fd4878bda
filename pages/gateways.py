"""The gateways: which there are, whether they answer, and how to add one."""

from nicegui import ui

from nexdeck.pages.components.gateways.dialog import open_gateway_dialog
from nexdeck.pages.components.gateways.local_dialog import open_local_gateway_dialog
from nexdeck.pages.components.gateways.row import GatewayRow
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.feeds import Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, page_head
from nexdeck.services.gateways.rows import GatewaySummary
from nexdeck.services.studio import Studio

HEADS = (
    ("Gateway", ""),
    ("State", ""),
    ("Version", "on-wide"),
    ("Last seen", ""),
    ("Deployments", "right on-wide"),
    ("", ""),
)
LOOK_AGAIN = 15.0  # seconds; "last seen" moves on with every look, without being news


async def gateways_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title("Gateways")
    with page_head("Gateways", "The Nexus processes that agents run on."):
        local = Button("Add a local gateway", lambda: open_local_gateway_dialog(studio), symbol="plus")
        local.mark("add-local-gateway")
        add = Button("Add a gateway", lambda: open_gateway_dialog(studio), kind="primary", symbol="plus")
        add.props('data-key="n"').mark("add-gateway")
    with ui.element("div").classes("card"), ui.element("div").classes("list gateways"):
        with ui.element("div").classes("head"):
            for text, classes in HEADS:
                ui.label(text).classes(classes)
        place = ui.element("div").classes("rows")
    rows: dict[str, GatewayRow] = {}

    def show(gateways: list[GatewaySummary]) -> None:
        if list(rows) != [summary.gateway.id for summary in gateways]:
            place.clear()
            rows.clear()
            with place:
                rows.update({summary.gateway.id: GatewayRow(studio, summary.gateway) for summary in gateways})
        for summary in gateways:
            rows[summary.gateway.id].show(summary)

    async def refresh() -> None:
        show(await studio.gateways.list(actor=me()))

    watch = feeds.gateways.watch()
    await refresh()
    watch.tell(show)
    ui.timer(LOOK_AGAIN, refresh, immediate=False)
