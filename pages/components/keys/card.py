"""The keys with which callers reach a deployment: what became of each, and making, rotating and revoking them."""

from datetime import timedelta
from typing import Any

from nicegui import ui

from nexdeck.models.base import now
from nexdeck.models.deployment import DeploymentKey, KeyState
from nexdeck.pages.components.keys.dialogs import open_new_key, open_rotation
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.words import StatusStyle, count_of
from nexdeck.services.deployments.views import DeploymentDetail

LOOKS = {
    KeyState.VALID: StatusStyle("valid", "ok"),
    KeyState.EXPIRED: StatusStyle("expired", "idle"),
    KeyState.REVOKED: StatusStyle("revoked", "idle"),
}


class KeysCard:
    def __init__(self, studio, deployment_id: str, name: str) -> None:
        self._studio = studio
        self._id = deployment_id
        self._name = name

    @staticmethod
    def state(detail: DeploymentDetail) -> Any:
        """What is shown; it is built anew when that changes."""
        at = now()
        return detail.options.require_key, [(k.id, k.state(at), k.expires_at, k.use_count) for k in detail.keys]

    def build(self, detail: DeploymentDetail) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Keys of callers").classes("h2")
                if detail.summary.deployment.undeployed_at is None:
                    create = Button("Create a key", self._create, symbol="key-round").classes("small")
                    create.mark("new-key-dialog")
            if not detail.options.require_key:
                hint = "Anybody who reaches the gateway may call it. Redeploy with “Callers need a key” to change that."
                ui.label(hint).classes("small fg3").style("padding: 12px 16px 0")
            if not detail.keys:
                empty_state("key-round", "No keys", "A key is shown once, when it is created; only its hash is kept.")
                return
            names = {key.id: key.name for key in detail.keys}
            valid_first = sorted(detail.keys, key=lambda key: key.state(now()) is not KeyState.VALID)
            with ui.element("div").classes("list keys"), ui.element("div").classes("rows"):
                for key in valid_first:
                    self._show(key, key.replaced_by in names)

    def _show(self, key: DeploymentKey, is_replaced: bool) -> None:
        state = key.state(now())
        with ui.element("div").classes("item"):
            with ui.element("div").classes("first stack tight"):
                ui.label(key.name).classes("strong breaks")
                ui.label(f"{key.prefix}…").classes("mono tiny fg3").props["title"] = f"created by {key.created_by}"
            look = StatusStyle("replaced", "warn") if is_replaced and state is KeyState.VALID else LOOKS[state]
            with ui.element("div"):
                Chip(look, f"revoked by {key.revoked_by}" if key.revoked_by else None)
            with ui.element("div").classes("small fg2"):
                _show_end(key, state)
            with ui.element("div").classes("small fg2"):
                _show_use(key)
            with ui.element("div").classes("line right"):
                if state is KeyState.VALID and not is_replaced:
                    Button("Rotate", lambda: open_rotation(self._studio, self._id, key), kind="quiet").classes("small")
                if state is KeyState.VALID:
                    Button("Revoke", lambda: self._ask_revoke(key), kind="quiet").classes("small")

    def _create(self) -> None:
        open_new_key(self._studio, self._id, self._name)

    def _ask_revoke(self, key: DeploymentKey) -> None:
        async def revoke() -> None:
            await self._studio.keys.revoke(self._id, key.id, actor=me())
            say(f"The key {key.name} is revoked.")

        recent = key.last_used_at is not None and now() - key.last_used_at < timedelta(days=1)
        warning = " It was used within the last day: rotate it instead to give its users time." if recent else ""
        confirm(
            f"Revoke the key {key.name}?",
            f"Whoever calls {self._name} with it ({key.prefix}…) is refused from now on, for good.{warning}",
            action="Revoke",
            do=revoke,
        )


def _show_end(key: DeploymentKey, state: KeyState) -> None:
    end = key.revoked_at or key.expires_at
    if end is None:
        ui.label("no expiry").classes("fg3")
        return
    with ui.element("div").classes("line"):
        ui.label({KeyState.VALID: "ends", KeyState.EXPIRED: "ended", KeyState.REVOKED: "revoked"}[state])
        Moment(end)


def _show_use(key: DeploymentKey) -> None:
    if key.last_used_at is None:
        ui.label("never used").classes("fg3")
        return
    with ui.element("div").classes("line"):
        ui.label(f"{count_of(key.use_count, 'call')}, last")
        Moment(key.last_used_at)
