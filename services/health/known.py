"""What is kept of gateways and of what is on them: rows read for all probes at once, and changes into rows."""

from collections import defaultdict, namedtuple
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, select, update

from nexdeck.models.deployment import Deployment, HealthState, Revision
from nexdeck.models.health import HealthChange, HealthStanding, Incident
from nexdeck.services.gateways.probe import Probe
from nexdeck.services.health.maintenance import Cover, cover_at
from nexdeck.services.rules.health import Standing

OF_STANDING = tuple(Standing.__dataclass_fields__)


KnownRow = Any  # a named tuple, of the columns that a query asks for


@dataclass(frozen=True)
class Known:
    """Standings by the gateway's id; open incidents and the rows of present deployments by the gateway's id too."""

    cover: Cover
    standings: dict[str, KnownRow]
    incidents: dict[str, list[Incident]]
    deployments: dict[str, list[KnownRow]]


class KnownRows:
    """Reads what is known of gateways. Most rows are as they were at the last probe, so they are kept: that one did not
    change is seen from its text, and Python's values of it are made only then."""

    def __init__(self) -> None:
        whose = HealthStanding.subject_id.in_(THEM)
        owner = HealthStanding.subject_id.label("owner")
        standings = select(owner, HealthStanding.subject_id, *OF_STANDING_COLUMNS).where(whose)
        self._standings = _Rows(standings, standings)
        on_them = _what_is_on_gateways()
        its_own = _with_live_revision(on_them).where(Deployment.id.in_(THEM))
        self._deployments = _Rows(on_them.where(Deployment.gateway_id.in_(THEM)), its_own)

    def read(self, session: Session, gateway_ids: Sequence[str], at: datetime) -> Known:
        incidents: defaultdict[str, list[Incident]] = defaultdict(list)
        for incident in session.execute(OPEN_INCIDENTS, {"them": list(gateway_ids)}).scalars():
            incidents[incident.gateway_id].append(incident)
        standings = {id_: rows[0] for id_, rows in self._standings.read(session, gateway_ids).items() if rows}
        return Known(cover_at(session, at), standings, incidents, self._deployments.read(session, gateway_ids))


class _Rows:
    """Rows by whose they are. Both queries begin with whose a row is, and its id: ``of_owners`` asks for those that
    belong to ``THEM``, ``of_ids`` for some rows of these, perhaps with columns that never change."""

    def __init__(self, of_owners: Select, of_ids: Select) -> None:
        owner, id_, *others = of_owners.selected_columns
        self._texts, self._typed = of_owners.with_only_columns(owner, id_, _AsText(*others)), of_ids
        # a row of SQLAlchemy's takes ten times as long to tell a value, or whether it is as another one
        self._row = namedtuple("KnownRow", [column.name for column in of_ids.selected_columns])
        self._kept: dict[str, dict[str, tuple[str, tuple]]] = {}

    def read(self, session: Session, owners: Sequence[str]) -> dict[str, list[KnownRow]]:
        """With what ``of_ids`` asks for."""
        connection = session.connection()
        present: dict[str, dict[str, tuple[str, tuple]]] = {owner: {} for owner in owners}
        changed: dict[str, str] = {}
        for owner, id_, text in connection.execute(self._texts, {"them": list(owners)}).all():
            before = self._kept.get(owner, {}).get(id_)
            if before is not None and before[0] == text:
                present[owner][id_] = before
            else:
                changed[id_] = text
        typed = connection.execute(self._typed, {"them": list(changed)}).all() if changed else []
        for row in map(self._row._make, typed):
            present[row[0]][row[1]] = (changed[row[1]], row)
        self._kept |= present
        return {owner: [row for _, row in self._kept[owner].values()] for owner in owners}


def _what_is_on_gateways() -> Select:
    """Columns, not rows of the ORM: this is read at every probe, for every deployment."""
    columns = (
        *(Deployment.gateway_id, Deployment.id, Deployment.name, Deployment.status, Deployment.desired_state),
        *(Deployment.live_revision, Deployment.health_status, Deployment.health_reason, Deployment.updated_at),
        *OF_STANDING_COLUMNS,
    )
    its_standing = HealthStanding.subject_id == Deployment.id
    return select(*columns).join(HealthStanding, its_standing, isouter=True).where(Deployment.undeployed_at.is_(None))


def _with_live_revision(deployments: Select) -> Select:
    """A revision never changes."""
    is_live = (Revision.deployment_id == Deployment.id) & (Revision.number == Deployment.live_revision)
    limit = Revision.options["latency_limit_ms"].as_float().label("latency_limit_ms")
    return deployments.join(Revision, is_live, isouter=True).add_columns(Revision.sha256, limit)


class _AsText(FunctionElement):
    """The values of columns as one text, the same for the same values: SQLite takes a third of the time for it."""

    type = Text()
    inherit_cache = True


@compiles(_AsText, "sqlite")
def _in_sqlite(element: _AsText, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **how)})"


@compiles(_AsText, "postgresql")
def _in_postgresql(element: _AsText, compiler: SQLCompiler, **how: Any) -> str:
    return f"CAST(json_build_array({compiler.process(element.clauses, **how)}) AS TEXT)"


OF_STANDING_COLUMNS = [getattr(HealthStanding, name) for name in (*OF_STANDING, "paused_at")]
THEM = bindparam("them", expanding=True)
OPEN_INCIDENTS = select(Incident).where(Incident.gateway_id.in_(THEM), Incident.closed_at.is_(None))


GATEWAY_CHECKED = (
    update(HealthStanding.__table__)
    .where(HealthStanding.__table__.c.subject_id.in_(bindparam("them", expanding=True)))
    .values(checked_at=bindparam("at"))
)
ON_IT = Deployment.__table__.c
DEPLOYMENTS_CHECKED = (
    update(Deployment.__table__)
    .where(
        ON_IT.gateway_id.in_(bindparam("them", expanding=True)),
        ON_IT.undeployed_at.is_(None),
        ON_IT.live_revision.is_not(None),
    )
    .values(last_health_check=bindparam("at"))
)


def standing_of(row: HealthStanding | KnownRow | None, at: datetime) -> Standing:
    """What is kept of a subject; a subject that was never looked at is unknown since ``at``."""
    if row is None or row.state is None:
        return Standing(since=at)
    return Standing(**{name: getattr(row, name) for name in OF_STANDING})


def note_change(session: Session, subject_id: str, before: Standing | None, after: Standing, at: datetime) -> None:
    """One row for each change of state or cause."""
    if after.state is HealthState.UNKNOWN and (before is None or before.state is HealthState.UNKNOWN):
        return
    cause = None if after.state is HealthState.UNKNOWN else after.cause
    if before is None or (before.state, before.cause) != (after.state, cause):
        session.add(HealthChange(subject_id=subject_id, at=at, state=after.state, cause=cause, reason=after.reason))


def note_times(session: Session, judged: list[Probe], up: list[Probe]) -> None:
    """They were all looked at just now."""
    for statement, looks in ((GATEWAY_CHECKED, judged), (DEPLOYMENTS_CHECKED, up)):
        if looks:
            them, at = [look.gateway.id for look in looks], max(look.at for look in looks)
            session.connection().execute(statement, {"them": them, "at": at})
