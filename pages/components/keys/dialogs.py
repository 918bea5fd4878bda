"""Asks for what a new key needs: whose it is, how long it lasts, and how long the one that it replaces goes on."""

from datetime import datetime, timedelta

from nexdeck.models.base import now
from nexdeck.models.deployment import DeploymentKey
from nexdeck.pages.components.keys.once import show_key_once
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.services.errors import StudioError

DAY = 86_400
EXPIRIES = {0: "never", 7 * DAY: "in 7 days", 30 * DAY: "in 30 days", 90 * DAY: "in 90 days", 365 * DAY: "in a year"}
OVERLAPS = {0: "not at all: it ends now", 3600: "an hour", DAY: "a day", 7 * DAY: "7 days", 30 * DAY: "30 days"}


def open_new_key(studio, deployment_id: str, deployment: str) -> None:
    modal = Modal(f"A key for {deployment}", "Give it the name of who will use it.", width="narrow")
    with modal.body:
        errors = FormErrors()
        name = text_field("Name", placeholder="mobile app").mark("key-name")
        expiry = choice_field("Expires", EXPIRIES, 0, hint="The gateway refuses it from then on.").mark("key-expiry")
        errors.belongs("name", name)
        errors.belongs("expires_at", expiry)

    async def create() -> None:
        try:
            made = await studio.keys.create(deployment_id, name.value, expires_at=_after(expiry.value), actor=me())
        except StudioError as error:
            errors.show(error)
            return
        modal.close()
        show_key_once(deployment, made.key, is_effective=made.is_effective)

    with modal.foot:
        modal.cancel_button()
        Button("Create", create, kind="primary").mark("create-key")
    modal.open()


def open_rotation(studio, deployment_id: str, key: DeploymentKey) -> None:
    about = f"A new key of the same name is made now. Meanwhile the old one ({key.prefix}…) still opens the door."
    modal = Modal(f"Rotate the key {key.name}", about, width="narrow")
    with modal.body:
        errors = FormErrors()
        hint = "Time enough to put the new key wherever the old one is used."
        overlap = choice_field("The old key goes on for", OVERLAPS, DAY, hint=hint).mark("key-overlap")
        expiry = choice_field("The new key expires", EXPIRIES, 0).mark("key-expiry")
        errors.belongs("expires_at", expiry)

    async def rotate() -> None:
        try:
            made = await studio.keys.rotate(
                deployment_id,
                key.id,
                old_valid_until=now() + timedelta(seconds=overlap.value),
                expires_at=_after(expiry.value),
                actor=me(),
            )
        except StudioError as error:
            errors.show(error)
            return
        modal.close()
        show_key_once(key.name, made.key, is_effective=made.is_effective)

    with modal.foot:
        modal.cancel_button()
        Button("Rotate", rotate, kind="primary").mark("rotate-key")
    modal.open()


def _after(seconds: int) -> datetime | None:
    return now() + timedelta(seconds=seconds) if seconds else None
