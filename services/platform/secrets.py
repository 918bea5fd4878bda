"""Secrets at rest: encrypted with a key that lies in the data folder, beside the database but not in it."""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.deployment import Secret
from nexdeck.models.manifest import VARIABLE_PATTERN
from nexdeck.services.errors import Fault, InvalidInput, NotFound
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.names import require_match

MAX_VALUE_LENGTH = 64 * 1024


@dataclass(frozen=True)
class SecretSummary:
    name: str
    updated_at: datetime
    updated_by: str


class SecretVault:
    """Stores named values that agents read from their environment. A value leaves only towards a gateway."""

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._fernet = Fernet(_key_in(key_file))

    async def names(self, *, actor: Actor) -> list[SecretSummary]:
        rows = await self._database.read(lambda session: session.exec(select(Secret).order_by(Secret.name)).all())
        return [SecretSummary(row.name, row.updated_at, row.updated_by) for row in rows]

    async def put(self, name: str, value: str, *, actor: Actor) -> None:
        """Store or replace a value. Raises InvalidInput for a bad name or an empty or oversized value."""
        require_match(VARIABLE_PATTERN, name, "name", "letters, digits and underscores, as environment variables have")
        if not value or len(value) > MAX_VALUE_LENGTH or "\0" in value:
            raise InvalidInput("The secret's value is not valid.", errors=[Fault("value", "1 to 65,536 characters")])
        encrypted = self.encrypt(value)

        def store(session: Session) -> None:
            row = _find(session, name) or Secret(name=name, encrypted_value="", updated_by=actor.name)
            row.encrypted_value, row.updated_at, row.updated_by = encrypted, now(), actor.name
            session.add(row)

        await self._database.write(store)

    async def delete(self, name: str, *, actor: Actor) -> None:
        """Forget a value. What runs keeps it until its next redeploy or restart. Raises NotFound."""

        def remove(session: Session) -> None:
            row = _find(session, name)
            if row is None:
                raise NotFound(f"There is no secret named {name}.")
            session.delete(row)

        await self._database.write(remove)

    async def values(self, names: list[str]) -> dict[str, str]:
        """The values by name. Raises InvalidInput (code ``missing_secret``) that lists every name not stored."""
        wanted = set(names)
        query = select(Secret).where(Secret.name.in_(wanted))
        rows = await self._database.read(lambda session: session.exec(query).all())
        if missing := sorted(wanted - {row.name for row in rows}):
            raise InvalidInput(
                f"Missing secret: {', '.join(missing)}. Store it under Settings → Secrets "
                f"(or `nexdeck secrets set {missing[0]}`), then deploy again.",
                code="missing_secret",
                errors=[Fault("options.secrets", f"{name} is not stored") for name in missing],
            )
        return {row.name: await asyncio.to_thread(self.decrypt, row.encrypted_value) for row in rows}

    def encrypt(self, value: str) -> str:
        return self._fernet.encrypt(value.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except InvalidToken as error:
            raise InvalidInput(
                "A stored secret cannot be read: the data folder's secret.key is not the one it was stored with. "
                "Restore that file, or store the secrets and gateway tokens again.",
                code="unreadable_secret",
            ) from error


def _find(session: Session, name: str) -> Secret | None:
    return session.exec(select(Secret).where(Secret.name == name)).first()


def _key_in(path: Path) -> bytes:
    """The key in the file, made at the first start; the file is readable by its owner only."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key())
    return path.read_bytes()
