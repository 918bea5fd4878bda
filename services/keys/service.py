"""Invocation keys of a deployment: made here, shown once, kept as hashes, and sent to the gateway as hashes."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment, DeploymentKey, KeyState
from nexdeck.models.manifest import key_hash
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Conflict, Fault, GatewayError, GatewayUnreachable, InvalidInput, NotFound
from nexdeck.services.keys.delivery import KeyDelivery
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database

MOST_VALID = 100  # of one deployment: each is compared with every call's
MOST_ENDED = 200  # expired and revoked ones that are kept to look back at
LONGEST = timedelta(days=36_525)  # to which a key may be valid: times far beyond that do not fit a database
OVERLAP = timedelta(days=1)  # for which a rotated key goes on, unless another time is said


@dataclass(frozen=True)
class NewKey:
    """``key`` is kept nowhere. ``is_effective``: the gateway accepts it already; else once it answers again."""

    row: DeploymentKey
    key: str
    is_effective: bool


def add_key(
    session: Session, deployment_id: str, name: str, by: str, expires_at: datetime | None = None
) -> tuple[DeploymentKey, str]:
    """Write a new key in an open transaction. Returns its row and the key itself, which is kept nowhere."""
    key = f"ndk_{secrets.token_urlsafe(24)}"
    row = DeploymentKey(
        deployment_id=deployment_id,
        name=name,
        prefix=key[:8],
        key_hash=key_hash(key),
        created_by=by,
        expires_at=expires_at,
    )
    session.add(row)
    return row, key


class DeploymentKeys:
    def __init__(self, database: Database, changes: Changes, delivery: KeyDelivery) -> None:
        self._database = database
        self._changes = changes
        self._delivery = delivery

    async def create(self, deployment: str, name: str, *, expires_at: datetime | None = None, actor: Actor) -> NewKey:
        """A further key, for ever or until a time. Raises InvalidInput, Conflict when there are too many."""
        name = name.strip()
        if not 1 <= len(name) <= 100 or not name.isprintable():
            raise InvalidInput("The key's name is not valid.", errors=[Fault("name", "1 to 100 printable characters")])
        _require_future(expires_at)

        def insert(session: Session) -> tuple[DeploymentKey, str]:
            row = _callable_deployment(session, deployment)
            _make_room(session, row)
            return add_key(session, row.id, name, actor.name, expires_at)

        return await self._made(*await self._database.write(insert))

    async def rotate(
        self,
        deployment: str,
        key: str,
        *,
        old_valid_until: datetime | None = None,
        expires_at: datetime | None = None,
        actor: Actor,
    ) -> NewKey:
        """A new key of the same name now; the old one goes on until ``old_valid_until``, or for a day.

        It never goes on for longer than it would have. Raises NotFound, InvalidInput, Conflict for a key that ended.
        """
        _require_future(expires_at)
        _require_sane("old_valid_until", old_valid_until)

        def replace(session: Session) -> tuple[DeploymentKey, str]:
            row, at = _callable_deployment(session, deployment), now()
            old = _find_key(session, row, key)
            if old.state(at) is not KeyState.VALID:
                raise Conflict(f"The key {old.name} has ended; create a new one instead.", code="key_ended")
            _make_room(session, row)
            new, text = add_key(session, row.id, old.name, actor.name, expires_at)
            old.replaced_by = new.id
            end = old_valid_until or at + OVERLAP
            if end <= at:
                old.revoked_at, old.revoked_by = at, actor.name
            elif old.expires_at is None or end < old.expires_at:
                old.expires_at = end
            return new, text

        return await self._made(*await self._database.write(replace))

    async def revoke(self, deployment: str, key: str, *, actor: Actor) -> None:
        """The gateway refuses the key when this returns. Raises NotFound; GatewayUnreachable when that is still due."""

        def mark(session: Session) -> Deployment:
            row = find_deployment(session, deployment)
            found = _find_key(session, row, key)
            if found.revoked_at is None:
                found.revoked_at, found.revoked_by = now(), actor.name
            return row

        row = await self._database.write(mark)
        self._changes.deployment.send(row.id)
        try:
            await self._delivery.send(row.id)
        except (GatewayError, GatewayUnreachable) as error:
            raise GatewayUnreachable(
                f"The key is revoked here, but the gateway still accepts it: {error.message} It is told as soon as it "
                "answers again."
            ) from error

    async def _made(self, row: DeploymentKey, key: str) -> NewKey:
        self._changes.deployment.send(row.deployment_id)
        try:
            await self._delivery.send(row.deployment_id)
        except (GatewayError, GatewayUnreachable):  # it is told after the next probe; the key must not get lost
            return NewKey(row, key, is_effective=False)
        return NewKey(row, key, is_effective=True)


def _callable_deployment(session: Session, deployment: str) -> Deployment:
    row = find_deployment(session, deployment)
    if row.undeployed_at is not None:
        raise Conflict(f"{row.name} was undeployed; nobody can call it.", code="undeployed")
    return row


def _find_key(session: Session, row: Deployment, key: str) -> DeploymentKey:
    """By id, or by the name of one that is valid. Raises NotFound, or Conflict for a name that several have."""
    found = session.get(DeploymentKey, key)
    if found is not None and found.deployment_id == row.id:
        return found
    of_it = select(DeploymentKey).where(DeploymentKey.deployment_id == row.id, DeploymentKey.name == key)
    named = [each for each in session.exec(of_it) if each.state(now()) is KeyState.VALID]
    if not named:
        raise NotFound(f"{row.name} has no key {key[:80]!r}.")
    if len(named) > 1:
        ids = ", ".join(each.id for each in named)
        raise Conflict(f"Several keys are named {key}; say which by its id: {ids}.", code="ambiguous_name")
    return named[0]


def _make_room(session: Session, row: Deployment) -> None:
    """Raises Conflict when no further key fits; forgets the oldest of those that ended long ago."""
    of_it = select(DeploymentKey).where(DeploymentKey.deployment_id == row.id).order_by(DeploymentKey.created_at)
    keys = list(session.exec(of_it))
    ended = [key for key in keys if key.state(now()) is not KeyState.VALID]
    if len(keys) - len(ended) >= MOST_VALID:
        raise Conflict(f"{row.name} has {MOST_VALID} valid keys; revoke some first.", code="too_many_keys")
    for key in ended[: max(0, len(ended) - MOST_ENDED)]:
        session.delete(key)


def _require_future(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= now():
        fault = Fault("expires_at", "has to lie in the future")
        raise InvalidInput("The key would have ended already.", errors=[fault])
    _require_sane("expires_at", expires_at)


def _require_sane(path: str, time: datetime | None) -> None:
    if time is not None and time > now() + LONGEST:
        fault = Fault(path, "lies more than a hundred years ahead; leave it out for a key without an end")
        raise InvalidInput("The time is not valid.", errors=[fault])
