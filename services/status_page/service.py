"""The public status page: its settings, and what it tells to people without a login."""

import asyncio
import time

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import DEFAULT_WORKSPACE, now
from nexdeck.models.status_page import StatusPage, StatusPageSettings
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Conflict, Fault, InvalidInput, NotFound
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.status_page.view import PublicStatus, read_public_status

FRESH_SECONDS = 10.0  # for which everybody is shown the same, however many ask


class StatusPages:
    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes
        self._shown: tuple[float, str, PublicStatus] | None = None
        self._one_reading = asyncio.Lock()

    async def settings(self, *, actor: Actor) -> StatusPageSettings:
        """Those of the workspace; as they are at first while nobody changed them."""
        return await self._database.read(_read_settings)

    async def change(self, settings: StatusPageSettings, *, actor: Actor) -> StatusPageSettings:
        """Returns them with ids in place of names. Raises InvalidInput, or NotFound for a deployment."""

        def write(session: Session) -> StatusPageSettings:
            items = [
                item.model_copy(update={"deployment": find_deployment(session, item.deployment).id})
                for item in settings.items
            ]
            if len({item.deployment for item in items}) < len(items):
                message = "name each deployment once"
                raise InvalidInput("A deployment is there twice.", errors=[Fault("items", message)])
            row = session.get(StatusPage, DEFAULT_WORKSPACE) or StatusPage(
                workspace_id=DEFAULT_WORKSPACE, slug=settings.slug, title="", items=[], updated_by=actor.name
            )
            row.enabled, row.slug, row.title = settings.enabled, settings.slug, settings.title
            row.items = [item.model_dump() for item in items]
            row.updated_at, row.updated_by = now(), actor.name
            session.add(row)
            return settings.model_copy(update={"items": items})

        try:
            changed = await self._database.write(write)
        except IntegrityError as error:
            raise Conflict(f"Another workspace has its page at /status/{settings.slug}.", code="slug_taken") from error
        self._shown = None
        return changed

    async def public(self, slug: str) -> PublicStatus:
        """What the page at ``/status/{slug}`` tells, a few seconds old at most. Raises NotFound, also while it is
        switched off."""
        if (known := self._fresh(slug)) is not None:
            return known
        async with self._one_reading:
            if (known := self._fresh(slug)) is None:
                known = await self._database.read(lambda session: _read_public(session, slug))
                self._shown = (time.monotonic(), slug, known)
            return known

    def _fresh(self, slug: str) -> PublicStatus | None:
        if self._shown is None or self._shown[1] != slug or time.monotonic() - self._shown[0] > FRESH_SECONDS:
            return None
        return self._shown[2]


def settings_from(document: object) -> StatusPageSettings:
    """Settings from what a form says. Raises InvalidInput with a fault at each wrong place."""
    try:
        return StatusPageSettings.model_validate(document)
    except ValidationError as error:
        faults = [Fault(".".join(map(str, e["loc"])), _words(e)) for e in error.errors()]
        raise InvalidInput("The status page's settings are not valid.", errors=faults) from error


def _words(error) -> str:
    if error["type"] != "string_pattern_mismatch":
        return error["msg"]
    is_slug = error["loc"] == ("slug",)
    return "use lower-case letters, digits and hyphens, a letter first" if is_slug else "use one line of text"


def _read_settings(session: Session) -> StatusPageSettings:
    row = session.get(StatusPage, DEFAULT_WORKSPACE)
    if row is None:
        return StatusPageSettings()
    return StatusPageSettings(enabled=row.enabled, slug=row.slug, title=row.title, items=row.items)


def _read_public(session: Session, slug: str) -> PublicStatus:
    row = session.exec(select(StatusPage).where(StatusPage.slug == slug, StatusPage.enabled)).first()
    if row is None:
        raise NotFound("There is no status page at this address.")
    settings = StatusPageSettings(title=row.title, slug=row.slug, items=row.items)
    return read_public_status(session, settings, now())
