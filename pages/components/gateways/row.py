"""One gateway in a list, and what can be done to it."""

from nicegui import ui

from nexdeck.models.gateway import Gateway, GatewayKind, GatewayStatus
from nexdeck.models.health import HealthStanding
from nexdeck.models.trust import TrustKind
from nexdeck.pages.components.gateways.dialog import open_gateway_dialog
from nexdeck.pages.components.gateways.orphans_dialog import open_orphans_dialog
from nexdeck.pages.components.health.pausing import checks_item, open_pause_dialog, resume_checks
from nexdeck.pages.components.widgets.buttons import Button, icon_button, menu_item
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.components.widgets.icons import tile
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.identity import me
from nexdeck.pages.notices import complain, say
from nexdeck.pages.words import gateway_style
from nexdeck.services.gateways.local import FIRST_NAME
from nexdeck.services.gateways.rows import GatewaySummary
from nexdeck.services.health.views import whole_reason
from nexdeck.services.studio import Studio


class GatewayRow:
    """``show`` sets in place what changes."""

    def __init__(self, studio: Studio, gateway: Gateway) -> None:
        self._studio = studio
        self._gateway = gateway
        self._pause: HealthStanding | None = None
        with ui.element("div").classes("item").mark(f"gateway-{gateway.name}"):
            with ui.element("div").classes("line first").style("gap: 12px"):
                tile("server")
                with ui.element("div").classes("stack tight").style("gap: 0"):
                    ui.label(gateway.name).classes("strong cut")
                    self._url = ui.label().classes("mono fg3 cut")
                    if gateway.dedicated_to is not None:
                        ui.label("For one deployment alone; it comes and goes with it.").classes("tiny fg3")
                    self._trust = ui.label().classes("tiny fg3 cut")
                    self._reason = ui.label().classes("tiny bad-text keep")
                    with ui.element("div").classes("tiny fg2 stack tight").style("gap: 0") as self._paused:
                        self._pause_reason = ui.label().classes("breaks")
                        with ui.element("div").classes("line words fg3"):
                            self._paused_by = ui.label()
                            self._paused_at = Moment(gateway.created_at)
                    self._orphans = Button("", self._show_orphans, kind="quiet").classes("small")
                    self._orphans.style("margin-left: -8px")  # its text stands where the other texts do
            with ui.element("div"):
                self._state = Chip(gateway_style(gateway))
            self._version = ui.label().classes("mono fg2 on-wide")
            with ui.element("div").classes("small fg2"):
                self._seen = Moment(gateway.created_at)
                self._never = ui.label("never")
            self._holds = ui.label().classes("fg2 right num on-wide")
            with ui.element("div").classes("line end"):
                Button("Check now", self._check).classes("small")
                self._more = icon_button("ellipsis", f"Actions for {gateway.name}", self._open_menu).classes("small")
                self._more.mark(f"menu-{gateway.name}")
                with self._more:
                    self._menu = ui.menu().props('no-parent-event anchor="bottom right" self="top right"')

    def show(self, summary: GatewaySummary) -> None:
        self._gateway = gateway = summary.gateway
        self._url.text = gateway.url
        self._trust.text = _trust_of(gateway)
        self._trust.set_visibility(bool(self._trust.text))
        is_starting = gateway.status is GatewayStatus.STARTING  # the chip says enough
        self._reason.text = "" if is_starting else gateway.status_reason or ""
        self._state.show(gateway_style(gateway, summary.pause), gateway.status_reason)
        self._show_pause(summary.pause)
        unknown = len(self._studio.reconciler.orphans(gateway.id))
        self._orphans.text = f"{unknown} unknown to this Nexdeck"
        self._orphans.set_visibility(unknown > 0)
        self._version.text = gateway.version or "–"
        self._seen.set_visibility(gateway.last_seen_at is not None)
        self._never.set_visibility(gateway.last_seen_at is None)
        if gateway.last_seen_at is not None:
            self._seen.show(gateway.last_seen_at)
        self._holds.text = f"{summary.running_count} of {summary.deployment_count} serving"

    def _show_pause(self, pause: HealthStanding | None) -> None:
        self._pause = pause
        self._paused.set_visibility(pause is not None)
        if pause is not None:
            self._pause_reason.text = whole_reason(pause.reason, pause.pause_reason)
            self._paused_by.text = f"by {pause.paused_by}, since"
            self._paused_at.show(pause.paused_at)

    def _open_menu(self) -> None:
        gateway, studio = self._gateway, self._studio
        self._menu.clear()
        with self._menu:
            menu_item("rocket", "Its deployments", lambda: ui.navigate.to(f"/deployments?gateway={gateway.name}"))
            if gateway.kind is GatewayKind.LOCAL:
                menu_item("scroll-text", "Process log", self._show_log)
                menu_item("refresh-cw", "Restart", self._ask_restart)
            else:
                menu_item("pencil", "Change address, token or certificate", self._edit)
            checks_item(
                self._pause is not None,
                lambda: open_pause_dialog(studio, gateway),
                lambda: resume_checks(studio, gateway),
            )
            if gateway.name != FIRST_NAME and gateway.dedicated_to is None:
                ui.separator()
                menu_item("trash", "Remove", self._ask_remove, danger=True)
        self._menu.open()

    async def _check(self) -> None:
        gateway = await self._studio.reconciler.check(self._gateway.id, actor=me())
        if gateway.status_reason:
            complain(gateway.status_reason)
        else:
            say(f"{gateway.name} answers.")

    def _edit(self) -> None:
        open_gateway_dialog(self._studio, self._gateway)

    async def _show_log(self) -> None:
        lines = await self._studio.local_gateways.log_tail(self._gateway.name, actor=me())
        modal = Modal(f"Process log of {self._gateway.name}", f"The last {len(lines)} lines.", width="wide")
        with modal.body, ui.element("div").classes("code"), ui.element("pre").props("tabindex=0").classes("log"):
            ui.label("\n".join(lines) or "Nothing was printed yet.")
        with modal.foot:
            modal.cancel_button("Close")
        modal.open()

    async def _show_orphans(self) -> None:
        await open_orphans_dialog(self._studio, self._gateway)

    def _ask_restart(self) -> None:
        gateway = self._gateway

        async def restart() -> None:
            await self._studio.local_gateways.restart(gateway.id, actor=me())
            say(f"{gateway.name} is restarting.")

        confirm(
            f"Restart {gateway.name}?",
            "Its process ends after the calls under way and is started again. What is deployed on it comes back by "
            "itself; calls fail for some seconds.",
            action="Restart",
            do=restart,
        )

    def _ask_remove(self) -> None:
        gateway = self._gateway

        is_local = gateway.kind is GatewayKind.LOCAL
        directory = self._studio.local_gateways if is_local else self._studio.gateways

        async def remove() -> None:
            await directory.remove(gateway.id, actor=me())
            say(f"{gateway.name} is removed.")

        kept = f"Nexdeck forgets its address ({gateway.url}) and its token. The gateway itself keeps running."
        confirm(
            f"Remove {gateway.name}?",
            "Its process is ended and its folder deleted, the process log too." if is_local else kept,
            "It is refused while deployments are on it.",
            action="Remove",
            do=remove,
        )


def _trust_of(gateway: Gateway) -> str:
    """How its certificate is verified, where there is something to say of it."""
    if gateway.trust is TrustKind.PIN:
        return f"pinned certificate {gateway.fingerprint[:23]}…"
    if gateway.trust is TrustKind.CA:
        return "verified by a CA of its own"
    is_plain = gateway.kind is GatewayKind.REMOTE and gateway.url.startswith("http:")
    return "not encrypted" if is_plain else ""
