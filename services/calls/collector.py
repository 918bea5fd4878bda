"""Brings the calls that gateways answered into the database, and tells pages which deployments have new ones."""

import logging
from datetime import datetime, timedelta

from sqlmodel import Session, insert, select

from nexdeck.models.base import now
from nexdeck.models.call import CallContent, CallCursor, CallEntry, CallRecord
from nexdeck.models.deployment import Deployment, DeploymentKey, Revision
from nexdeck.models.gateway import Gateway
from nexdeck.models.options import DeploymentOptions
from nexdeck.models.telemetry import CallBatch, CallReport, Position
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.gateways.collector import Collector
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.rules.calls import call_of, kept_text

logger = logging.getLogger(__name__)


class CallCollector(Collector[CallBatch, CallEntry]):
    def __init__(self, database: Database, changes: Changes, gateways: GatewayDirectory) -> None:
        super().__init__("calls", CallCursor, CallRecord, database, gateways)
        self._changes = changes

    def newest_of(self, gateway: Gateway) -> Position | None:
        return self._gateways.newest.calls.get(gateway.id)

    async def ask(self, client: GatewayClient, after: int, limit: int) -> CallBatch:
        return await client.calls(after, limit)

    def publish(self, entries: list[CallEntry]) -> None:
        for deployment_id in {entry.deployment_id for entry in entries}:
            self._changes.calls.send(deployment_id)

    def write(self, session: Session, gateway: Gateway, batch: CallBatch, after: int) -> list[CallEntry]:
        if batch.lost:
            logger.warning("%d calls of %s are not listed: it had more than it holds", batch.lost, gateway.name)
        here = set(session.exec(select(Deployment.id).where(Deployment.gateway_id == gateway.id)))
        keys, received, number = _keys(session, gateway), now(), self._next_id(session)
        entries, rows, contents = [], [], []
        for call in batch.calls:
            if call.deployment_id not in here or call.cursor <= after:
                continue
            after = call.cursor
            entry = call_of(call, keys.get((call.deployment_id, call.key_hash)), received, number + len(entries))
            entries.append(entry)
            origin = {"gateway_id": gateway.id, "boot_id": batch.boot_id, "cursor": call.cursor}
            rows.append(entry._asdict() | origin)
            if call.inputs is not None or call.outputs is not None:
                contents.append((entry, call))
        if rows:
            session.connection().execute(insert(CallRecord.__table__), rows)
            self._last_id = entries[-1].id
        if contents:
            session.connection().execute(insert(CallContent.__table__), _content_rows(session, contents))
        return entries


def _keys(session: Session, gateway: Gateway) -> dict[tuple[str, str], str]:
    """(deployment, hash of a key) → the key's id."""
    rows = (
        select(DeploymentKey.deployment_id, DeploymentKey.key_hash, DeploymentKey.id)
        .join(Deployment, Deployment.id == DeploymentKey.deployment_id)
        .where(Deployment.gateway_id == gateway.id, Deployment.undeployed_at.is_(None))
    )
    return {(deployment_id, key_hash): id_ for deployment_id, key_hash, id_ in session.exec(rows)}


def _content_rows(session: Session, contents: list[tuple[CallEntry, CallReport]]) -> list[dict]:
    days: dict[tuple[str, int], int] = {}
    rows = []
    for entry, call in contents:
        revision = entry.deployment_id, entry.revision
        if revision not in days:
            days[revision] = _kept_days(session, *revision)
        rows.append(
            {
                "call_id": entry.id,
                "expires_at": _later(entry.time, days[revision]),
                "altered": call.altered,
                "inputs": kept_text(call.inputs),
                "outputs": kept_text(call.outputs),
            }
        )
    return rows


def _kept_days(session: Session, deployment_id: str, number: int) -> int:
    """As the revision that answered says."""
    of_it = select(Revision.options).where(Revision.deployment_id == deployment_id, Revision.number == number)
    options = session.exec(of_it).first()
    return DeploymentOptions.model_validate(options or {}).record.days


def _later(time: datetime, days: int) -> datetime:
    return time + timedelta(days=days)
