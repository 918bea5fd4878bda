"""What pages, REST and the command line show of health: the board, worst first, and all of one subject."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, String, Subquery, case, cast, null, union_all
from sqlmodel import Session, func, or_, select

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment, DesiredState, HealthState
from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.health import HealthCause, HealthChange, HealthSample, HealthStanding
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import Fault, InvalidInput
from nexdeck.services.health.maintenance import Cover, cover_at
from nexdeck.services.health.uptime import RANGES, Uptime, read_percentages, read_uptimes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.paging import MAX_LIMIT, Page, parse_cursor

MOST_CHANGES = 50
MOST_SAMPLES = 100
MOST_CHANGED = 500  # rows that are read anew for open pages at once
KINDS = ("gateway", "deployment")
NOTHING = cast(null(), String)


@dataclass(frozen=True)
class BoardQuery:
    """``q`` searches names; ``kind`` is one of ``KINDS``; ``gateway`` by id; ``range`` a key of ``RANGES``."""

    q: str = ""
    state: HealthState | None = None
    kind: str | None = None
    gateway: str | None = None
    range: str = "24h"
    limit: int = 25
    cursor: str | None = None


@dataclass(frozen=True)
class BoardRow:
    """A gateway, or a deployment that is meant to run. ``gateway_id``: of a deployment, where it is."""

    id: str
    name: str
    gateway_id: str | None
    gateway_name: str | None
    state: HealthState
    cause: HealthCause | None
    reason: str
    since: datetime | None
    checked_at: datetime | None
    flapping: bool
    paused_at: datetime | None
    in_maintenance: bool
    uptime: Uptime

    @property
    def is_gateway(self) -> bool:
        return self.gateway_id is None


@dataclass(frozen=True)
class HealthView:
    """All of one subject: how it is, its uptime by range, and what was seen of it, the latest first."""

    row: BoardRow
    standing: HealthStanding | None
    uptime: dict[str, float | None]
    changes: list[HealthChange]
    samples: list[HealthSample]


class HealthViews:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def board(self, query: BoardQuery, *, actor: Actor) -> Page[BoardRow]:
        """Gateways and deployments, worst first. Raises InvalidInput."""
        _require_range(query.range)
        return await self._database.read(lambda session: _read_board(session, query))

    async def rows(self, subject_ids: set[str], *, actor: Actor) -> dict[str, BoardRow]:
        """How these are now, by id, without their uptime: what a page needs to change a row in place."""

        def query(session: Session) -> dict[str, BoardRow]:
            table = _everything(BoardQuery())
            some = sorted(subject_ids)[:MOST_CHANGED]
            cover = cover_at(session, now())
            found = session.execute(select(table).where(table.c.id.in_(some)))
            return {row.id: _row(row, cover, Uptime(None, [])) for row in found}

        return await self._database.read(query)

    async def counts(self, *, actor: Actor) -> dict[HealthState, int]:
        """How many gateways and deployments are in each state."""
        everything = _everything(BoardQuery())
        grouped = select(everything.c.state, func.count()).group_by(everything.c.state)
        found = await self._database.read(lambda session: dict(session.exec(grouped).all()))
        return {state: found.get(state, 0) for state in HealthState}

    async def of_deployment(self, deployment: str, range_: str = "24h", *, actor: Actor) -> HealthView:
        """By id or name. Raises NotFound, or InvalidInput for a range that there is not."""
        _require_range(range_)
        return await self._database.read(
            lambda session: _read_view(session, find_deployment(session, deployment).id, range_)
        )

    async def of_subject(self, subject_id: str, range_: str = "24h", *, actor: Actor) -> HealthView:
        _require_range(range_)
        return await self._database.read(lambda session: _read_view(session, subject_id, range_))


def _require_range(range_: str) -> None:
    if range_ not in RANGES:
        raise InvalidInput("There is no such range.", errors=[Fault("range", f"one of {', '.join(RANGES)}")])


def _everything(query: BoardQuery, subject_id: str | None = None) -> Subquery:
    """The rows of the board: gateways, and deployments that are meant to run (a single one whatever it is meant to)."""
    standing = (
        func.coalesce(HealthStanding.state, HealthState.UNKNOWN).label("state"),
        HealthStanding.cause,
        HealthStanding.reason,
        HealthStanding.since,
        HealthStanding.flapping,
        HealthStanding.paused_at,
        HealthStanding.pause_reason,
    )
    gateways = (
        select(
            *(Gateway.id, Gateway.name, NOTHING.label("gateway_id"), NOTHING.label("gateway_name")),
            *standing,
            HealthStanding.checked_at.label("checked_at"),
        )
        .join(HealthStanding, HealthStanding.subject_id == Gateway.id, isouter=True)
        .where(Gateway.status != GatewayStatus.REMOVED)
    )
    deployments = (
        select(
            *(Deployment.id, Deployment.name, Gateway.id.label("gateway_id"), Gateway.name.label("gateway_name")),
            *standing,
            Deployment.last_health_check.label("checked_at"),
        )
        .join(Gateway, Gateway.id == Deployment.gateway_id)
        .join(HealthStanding, HealthStanding.subject_id == Deployment.id, isouter=True)
    )
    if subject_id is not None:
        gateways = gateways.where(Gateway.id == subject_id)
        deployments = deployments.where(Deployment.id == subject_id)
    else:
        deployments = deployments.where(
            Deployment.undeployed_at.is_(None),
            Deployment.desired_state == DesiredState.RUNNING,
            Deployment.live_revision.is_not(None),
        )
    parts = {"gateway": gateways, "deployment": deployments}
    return union_all(*(parts[kind] for kind in KINDS if query.kind in (None, kind))).subquery()


def _read_board(session: Session, query: BoardQuery) -> Page[BoardRow]:
    offset, limit = parse_cursor(query.cursor), max(1, min(query.limit, MAX_LIMIT))
    table = _everything(query)
    conditions: list[ColumnElement[bool]] = []
    if text := query.q.strip().lower():
        conditions.append(func.lower(table.c.name).contains(text, autoescape=True))
    if query.state is not None:
        conditions.append(table.c.state == query.state)
    if query.gateway:
        conditions.append(or_(table.c.gateway_id == query.gateway, table.c.id == query.gateway))
    total = session.exec(select(func.count()).select_from(table).where(*conditions)).one()
    badness = {HealthState.UNHEALTHY: 0, HealthState.DEGRADED: 1, HealthState.UNKNOWN: 2}
    rank = case(*((table.c.state == state, place) for state, place in badness.items()), else_=3)
    order = (rank, table.c.gateway_id.is_not(None), table.c.name, table.c.id)
    found = session.execute(select(table).where(*conditions).order_by(*order).offset(offset).limit(limit)).all()
    return Page(_rows(session, found, RANGES[query.range]), total, offset, limit)


def _rows(session: Session, found: list[Row[Any]], span: timedelta) -> list[BoardRow]:
    at = now()
    cover = cover_at(session, at)
    uptimes = read_uptimes(session, {row.id: row.gateway_id for row in found}, span, at)
    return [_row(row, cover, uptimes[row.id]) for row in found]


def _row(row: Row[Any], cover: Cover, uptime: Uptime) -> BoardRow:
    values = row._asdict()
    values["reason"] = whole_reason(values["reason"] or "It was not checked yet.", values.pop("pause_reason"))
    values["flapping"] = bool(values["flapping"])
    return BoardRow(**values, in_maintenance=cover.covers(row.id, row.gateway_id or row.id), uptime=uptime)


def whole_reason(reason: str, pause_reason: str | None) -> str:
    """``pause_reason``: why somebody paused the checks, where that was said."""
    return f"{reason.removesuffix('.')}: {pause_reason}" if pause_reason else reason


def _read_view(session: Session, subject_id: str, range_: str) -> HealthView:
    found = session.execute(select(_everything(BoardQuery(), subject_id))).all()
    (row,) = _rows(session, found, RANGES[range_])

    def latest(table, most: int) -> list:
        of_it = select(table).where(table.subject_id == subject_id).order_by(table.at.desc(), table.id.desc())
        return list(session.exec(of_it.limit(most)))

    return HealthView(
        row=row,
        standing=session.get(HealthStanding, subject_id),
        uptime=read_percentages(session, subject_id, row.gateway_id, now()),
        changes=latest(HealthChange, MOST_CHANGES),
        samples=latest(HealthSample, MOST_SAMPLES),
    )
