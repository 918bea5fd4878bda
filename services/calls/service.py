"""The calls of deployments: collected, kept within bounds, listed, and looked at one by one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, delete, or_
from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.call import CALL_COLUMNS, CallContent, CallEntry, CallRecord
from nexdeck.models.choices import Channel
from nexdeck.models.deployment import DeploymentKey
from nexdeck.models.gateway import Gateway
from nexdeck.services.calls.collector import CallCollector
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import NotFound
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.pruning import CHUNK, remove_surplus

MOST_CALLS = 200  # in one page
PUBLIC_ID = re.compile(r"req_([0-9]{1,15})")
StatusClass = Literal["ok", "failed", "refused", "broken"]
CLASSES: dict[str, tuple[int, int]] = {"ok": (100, 400), "failed": (400, 1000), "refused": (400, 500)}
CLASSES["broken"] = (500, 1000)


@dataclass(frozen=True)
class CallQuery:
    """Which calls: ``status`` a class or a number, ``key`` a key's id, name or prefix, ``min_ms`` milliseconds at
    least, ``q`` a part of the request id, the error's code, the input or the output."""

    status: StatusClass | int | None = None
    channel: Channel | None = None
    revision: int | None = None
    key: str | None = None
    min_ms: float | None = None
    q: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class CallKey:
    """What is told of the key that a call was made with."""

    id: str
    name: str
    prefix: str


@dataclass(frozen=True)
class RecordedRequest:
    """One call; ``inputs`` and ``outputs`` are JSON texts, given only where one call is asked for."""

    entry: CallEntry
    key: CallKey | None
    is_recorded: bool
    altered: bool
    inputs: str | None = None
    outputs: str | None = None

    @property
    def id(self) -> str:
        return f"req_{self.entry.id}"

    @property
    def can_be_replayed(self) -> bool:
        return self.is_recorded and not self.altered


@dataclass(frozen=True)
class CallPage:
    """The newest first. ``next_cursor``: what to pass as ``before`` for older ones; None when there are none."""

    calls: list[RecordedRequest]
    next_cursor: int | None


class CallService:
    def __init__(
        self, database: Database, changes: Changes, gateways: GatewayDirectory, *, days: float, calls: int
    ) -> None:
        """``days`` and ``calls`` (of each deployment) are how long and how many calls are kept."""
        self._database = database
        self._kept_for = timedelta(days=days)
        self._kept_calls = calls
        self._collector = CallCollector(database, changes, gateways)

    async def collect(self, gateway: Gateway) -> int:
        """Take what a gateway has for us now; returns how many. Raises GatewayUnreachable and GatewayError."""
        return await self._collector.collect(gateway)

    async def collect_all(self) -> None:
        """What the scheduler calls each second."""
        await self._collector.sweep()

    async def replayable(self, deployment_id: str, limit: int, *, actor: Actor) -> list[RecordedRequest]:
        """The newest calls whose whole inputs are kept, with their contents."""

        def read(session: Session) -> list[RecordedRequest]:
            calls = _calls(CallContent.inputs, CallContent.outputs).where(
                CallRecord.deployment_id == deployment_id,
                CallContent.altered.is_(False),
                CallContent.inputs.is_not(None),
            )
            rows = session.execute(calls.order_by(CallRecord.id.desc()).limit(limit))
            return [_call(row[:-2], row[-2], row[-1]) for row in rows]

        return await self._database.read(read)

    async def list(
        self,
        deployment: str,
        query: CallQuery | None = None,
        *,
        limit: int = 50,
        before: int | None = None,
        actor: Actor,
    ) -> CallPage:
        """The newest calls that fit the query, or the newest before the call with the number ``before``."""
        limit = max(1, min(limit, MOST_CALLS))

        def read(session: Session) -> CallPage:
            row = find_deployment(session, deployment)
            calls = _narrowed(_calls().where(CallRecord.deployment_id == row.id), query or CallQuery())
            if before is not None:
                calls = calls.where(CallRecord.id < before)
            rows = session.execute(calls.order_by(CallRecord.id.desc()).limit(limit + 1)).all()
            found = [_call(row) for row in rows[:limit]]
            return CallPage(found, found[-1].entry.id if len(rows) > limit else None)

        return await self._database.read(read)

    async def get(self, deployment: str, call: str, *, actor: Actor) -> RecordedRequest:
        """By its id (``req_17``) or its request id, of which the newest call counts. Raises NotFound."""
        number = PUBLIC_ID.fullmatch(call)

        def read(session: Session) -> RecordedRequest:
            row = find_deployment(session, deployment)
            calls = _calls(CallContent.inputs, CallContent.outputs).where(CallRecord.deployment_id == row.id)
            if number:
                found = session.execute(calls.where(CallRecord.id == int(number[1]))).first()
            else:
                of_it = calls.where(CallRecord.request_id == call).order_by(CallRecord.id.desc()).limit(1)
                found = session.execute(of_it).first()
            if found is None:
                raise NotFound(f"{row.name} has no request {call[:80]!r}; old ones are removed after a while.")
            *summary, inputs, outputs = found
            return _call(summary, inputs, outputs)

        return await self._database.read(read)

    async def prune(self) -> None:
        """Remove what is too old or too much, a little at a time; inputs and outputs before the calls themselves."""
        while await self._database.write(_forget_contents):
            pass
        await remove_surplus(self._database, CallRecord, _remove, self._kept_for, self._kept_calls)

    async def close(self) -> None:
        await self._collector.close()


def _calls(*more) -> Select:
    """Rows for ``_call``: a call, its key and what is known of its content, and ``more`` columns."""
    key = DeploymentKey.id, DeploymentKey.name, DeploymentKey.prefix
    return (
        select(*CALL_COLUMNS, *key, CallContent.call_id, CallContent.altered, *more)
        .join(DeploymentKey, DeploymentKey.id == CallRecord.key_id, isouter=True)
        .join(CallContent, CallContent.call_id == CallRecord.id, isouter=True)
    )


def _call(row: Sequence, inputs: str | None = None, outputs: str | None = None) -> RecordedRequest:
    *entry, key_id, name, prefix, content_id, altered = row
    key = CallKey(key_id, name, prefix) if key_id is not None else None
    return RecordedRequest(CallEntry(*entry), key, content_id is not None, bool(altered), inputs, outputs)


def _narrowed(calls: Select, query: CallQuery) -> Select:
    if isinstance(query.status, int):
        calls = calls.where(CallRecord.status == query.status)
    elif query.status is not None:
        least, most = CLASSES[query.status]
        calls = calls.where(CallRecord.status >= least, CallRecord.status < most)
    if query.channel is not None:
        calls = calls.where(CallRecord.channel == query.channel)
    if query.revision is not None:
        calls = calls.where(CallRecord.revision == query.revision)
    if query.key is not None:
        names = DeploymentKey.id, DeploymentKey.name, DeploymentKey.prefix
        calls = calls.where(or_(*(column == query.key for column in names)))
    if query.min_ms is not None:
        calls = calls.where(CallRecord.milliseconds >= query.min_ms)
    if query.since is not None:
        calls = calls.where(CallRecord.time >= query.since)
    if query.until is not None:
        calls = calls.where(CallRecord.time < query.until)
    if words := query.q.strip():
        texts = CallRecord.request_id, CallRecord.code, CallContent.inputs, CallContent.outputs
        calls = calls.where(or_(*(column.icontains(words, autoescape=True) for column in texts)))
    return calls


def _forget_contents(session: Session) -> int:
    gone = select(CallContent.call_id).where(CallContent.expires_at < now()).limit(CHUNK)
    ids = session.exec(gone).all()
    session.execute(delete(CallContent).where(CallContent.call_id.in_(ids)))
    return len(ids)


def _remove(session: Session, ids: Sequence[int]) -> None:
    session.execute(delete(CallContent).where(CallContent.call_id.in_(ids)))
    session.execute(delete(CallRecord).where(CallRecord.id.in_(ids)))
